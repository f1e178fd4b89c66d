// The few lines that run in the reader's browser: switch the language, show one part at a time.

/** Runs once at the end of the body; without it every part of the first language stands below the other. */
export const SCRIPT = `(function () {
  var root = document.documentElement;
  var pages = document.querySelectorAll('[data-page]');
  var language = root.lang.slice(0, 2);
  var part = 'overview';
  function show() {
    root.lang = language === 'zh' ? 'zh-CN' : 'en';
    pages.forEach(function (page) {
      var open = page.dataset.page === language;
      page.hidden = !open;
      if (open) document.title = page.dataset.title;
      page.querySelectorAll('[data-part]').forEach(function (view) {
        view.classList.toggle('closed', view.dataset.part !== part);
      });
      page.querySelectorAll('nav a').forEach(function (link) {
        if (link.hash === '#' + page.dataset.page + '-' + part) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      });
    });
  }
  function follow() {
    var match = /^#(en|zh)-(.+)$/.exec(location.hash);
    if (match && document.getElementById(match[1] + '-' + match[2])) {
      language = match[1];
      part = match[2];
    }
    show();
  }
  document.querySelectorAll('[data-speak]').forEach(function (button) {
    button.addEventListener('click', function () {
      language = button.dataset.speak;
      try { history.replaceState(null, '', '#' + language + '-' + part); } catch (refused) {}
      show();
    });
  });
  addEventListener('hashchange', function () {
    follow();
    var head = document.querySelector('[data-page=' + language + '] .masthead');
    var below = head.offsetTop + head.offsetHeight;
    if (scrollY > below) scrollTo(0, below);
  });
  root.classList.add('parts');
  follow();
})();`;
