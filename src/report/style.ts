// The page's look: one style sheet, two themes, a narrow screen and paper.

/** Hues stay apart for colour-blind readers: blue for the model, orange for what happened, warm grey for baselines. */
const LIGHT = `
--paper:#fbfaf7;--card:#fff;--ink:#1d1f24;--soft:#595d68;--rule:#e4e1d9;--wash:#f3f1ea;
--model:#1f5c99;--baseline:#857f70;--actual:#b8500b;--good:#0b7358;--bad:#b02f27;--look:#8a5a00;--shade:rgb(29 31 36/.13);`;

const DARK = `
--paper:#14161a;--card:#1a1d22;--ink:#e9e7e1;--soft:#a4a8b2;--rule:#2d3139;--wash:#1d2026;
--model:#6fb0ee;--baseline:#9b9585;--actual:#f0994a;--good:#4cc3a0;--bad:#f2857b;--look:#e0b050;--shade:rgb(0 0 0/.6);`;

const tones = ['model', 'baseline', 'actual', 'good', 'bad', 'ink', 'paper']
  .map((tone) => `.f-${tone}{fill:var(--${tone})}.s-${tone}{stroke:var(--${tone})}`)
  .join('');

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}
--serif:"Iowan Old Style","Palatino Linotype",Palatino,"Source Serif 4",Georgia,"Noto Serif","Songti SC","Noto Serif CJK SC",serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 var(--sans);font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.page{max-width:72rem;margin:0 auto;padding:0 1.5rem 4rem}
[hidden]{display:none!important}
h1,h2,h3,h4{font-family:var(--serif);font-weight:600;line-height:1.25;margin:0;text-wrap:balance}
h1{font-size:clamp(1.75rem,4vw,2.6rem);letter-spacing:-.01em;max-width:24em}
h2{font-size:clamp(1.4rem,3vw,1.95rem);max-width:26em}
h3{font-size:1.16rem}
h4{font:600 .82rem/1.4 var(--sans);color:var(--soft);margin:1.5rem 0 .5rem}
p{margin:0 0 .75rem;max-width:44em}
a{color:var(--model)}
code{font:.86em var(--mono);overflow-wrap:anywhere}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:9}
:focus-visible{outline:2px solid var(--model);outline-offset:2px;border-radius:3px}
.masthead{padding:1.25rem 0 1.5rem}
.bar{display:flex;justify-content:space-between;align-items:center;margin-bottom:clamp(1.5rem,5vw,3.5rem)}
.brand{font:600 1.05rem var(--serif);letter-spacing:.01em}
.brand::before{content:"";display:inline-block;width:.62em;height:.62em;border-radius:50%;background:var(--model);box-shadow:.42em 0 0 -.1em var(--actual);margin-right:.85em}
.languages{display:flex;border:1px solid var(--rule);border-radius:99px;overflow:hidden}
.languages button{font:500 .84rem var(--sans);color:var(--soft);background:none;border:0;padding:.4rem .95rem;cursor:pointer}
.languages button[aria-pressed=true]{background:var(--ink);color:var(--paper)}
.made{color:var(--soft);font-size:.93rem;margin:.9rem 0 0}
nav{position:sticky;top:0;z-index:5;background:var(--paper);border-bottom:1px solid var(--rule);margin-bottom:2.25rem}
nav ul{display:flex;gap:1.6rem;list-style:none;margin:0;padding:0;overflow-x:auto;scrollbar-width:none}
nav a{display:block;white-space:nowrap;padding:.8rem 0 .65rem;color:var(--soft);text-decoration:none;border-bottom:2px solid transparent;font-size:.95rem}
nav a:hover{color:var(--ink)}
nav a[aria-current]{color:var(--ink);border-color:var(--model);font-weight:600}
.kicker{font-size:.84rem;color:var(--soft);margin:0 0 .35rem}
.opening{margin-bottom:1.75rem}
.summary{margin:0 0 1rem;padding:1.4rem 1.6rem;background:var(--card);border:1px solid var(--rule);border-radius:10px;display:grid;gap:1rem 2.5rem;grid-template-columns:1fr 1fr}
.summary dt{font-size:.82rem;color:var(--soft);margin-bottom:.15rem}
.summary dd{margin:0}.summary ul{margin:0;padding-left:1.1em}
.quiet{color:var(--soft)}
.block{display:grid;grid-template-columns:14.5rem minmax(0,1fr);gap:0 2.75rem;padding:2.25rem 0;border-top:1px solid var(--rule)}
.summary+.block,.cards+.block,.hear+.block{border-top:0}.hear+.block{padding-top:0}
.lede{font-size:.875rem;line-height:1.55;color:var(--soft);margin:.5rem 0 0}
.evidence>:first-child{margin-top:0}.evidence>:last-child{margin-bottom:0}
.missing{color:var(--soft);font-style:italic}
:lang(zh) .missing{font-style:normal}
.scroll{overflow-x:auto;margin:0 0 1rem;max-width:100%;background:
linear-gradient(to right,var(--paper) 40%,transparent) 0 0/2rem 100% no-repeat local,
linear-gradient(to left,var(--paper) 40%,transparent) 100% 0/2rem 100% no-repeat local,
linear-gradient(to right,var(--shade),transparent) 0 0/.8rem 100% no-repeat scroll,
linear-gradient(to left,var(--shade),transparent) 100% 0/.8rem 100% no-repeat scroll}
table{border-collapse:collapse;width:100%;font-size:.905rem;line-height:1.4}
th,td{text-align:left;padding:.55rem 1.1rem .55rem 0;border-bottom:1px solid var(--rule);vertical-align:top;font-weight:400}
th:last-child,td:last-child{padding-right:.25rem}
thead th{font-size:.79rem;color:var(--soft);vertical-align:bottom;border-bottom-color:var(--soft)}
tbody th{min-width:8.5rem}td:not(.n){min-width:6.5rem}
.n{text-align:right;white-space:nowrap}
thead .n{white-space:normal}:lang(zh) thead th{word-break:keep-all}
tr.chosen th,tr.chosen td:nth-child(2) .value{font-weight:600}
tr.chosen .hint,tr.chosen .id{font-weight:400}
tr.total th,tr.total td{border-top:1px solid var(--soft)}tr.total th,tr.total .value{font-weight:600}
tr.quiet th,tr.quiet .value{color:var(--soft)}
.value{display:block}.interval{display:block;font-size:.79rem;color:var(--soft);white-space:nowrap}
.hint{display:block;min-width:min(13rem,42vw);font-size:.79rem;line-height:1.4;color:var(--soft);max-width:26em}
.id{display:block;color:var(--soft);font-size:.76rem}
.plain .id,li .id{display:inline}
.tag{font:500 .72rem var(--sans);border:1px solid var(--rule);border-radius:99px;padding:.08em .6em;color:var(--soft);white-space:nowrap;margin-left:.3em}
.tag.chosen{background:var(--model);border-color:var(--model);color:var(--paper)}
ul.plain{list-style:none;padding:0;margin:0;font-size:.905rem}
ul.plain li{padding:.4rem 0;border-bottom:1px solid var(--rule)}
.hear{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
svg{display:block;max-width:100%;height:auto;overflow:visible;font:11.5px var(--sans);font-variant-numeric:tabular-nums}
td svg{width:168px;max-width:none}
.summary .quiet{display:block}text[data-halo]{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.f-muted{fill:var(--soft)}.s-muted{stroke:var(--soft)}.f-rule{fill:var(--rule)}.s-rule{stroke:var(--rule)}
.f-heat{fill:var(--model)}
${tones}
dl{margin:0}dd{margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,15.5rem),1fr));gap:1rem;margin-bottom:.5rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:1.25rem 1.35rem 1.1rem;display:flex;flex-direction:column;min-width:0}
.spaced{margin-bottom:1.25rem}.card:only-child{max-width:26rem}
.card .lede{margin:.3rem 0 1rem;flex:1}
.card p{margin:0}
.big{display:block;font:600 2.1rem/1.1 var(--serif);font-variant-numeric:lining-nums tabular-nums}
.card .figure .interval{white-space:normal;margin-top:.25rem}
.strips{margin:.7rem 0 .8rem}.strips svg+svg{margin-top:-.2rem}
.versus{font-size:.84rem;line-height:1.5}
.versus .quiet{display:block;margin-top:.35rem}
.card .more{margin-top:.9rem;padding-top:.75rem;border-top:1px solid var(--rule);font-size:.875rem}
.chip{display:inline-block;font-size:.76rem;line-height:1.5;padding:.05em .65em;border-radius:99px;border:1px solid currentColor;white-space:nowrap;color:var(--soft)}
.chip.good,.chip.sure{color:var(--good)}.chip.problem,.chip.worse{color:var(--bad)}.chip.warning{color:var(--look)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,10.5rem),1fr));gap:1.1rem 1.5rem;margin-bottom:1.75rem}
.facts .wide{grid-column:span 2}
.facts dt,.terms dt{font-size:.82rem;color:var(--soft)}
.facts dd{font-size:1.06rem;font-weight:600}.facts .wide dd{font-size:.95rem;font-weight:400;line-height:1.5}
.facts small{font-weight:400;color:var(--soft);font-size:.82rem;margin-left:.2em}
.terms>div{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:.25rem 1.25rem;padding:.5rem 0;border-bottom:1px solid var(--rule);font-size:.905rem}
.pair{white-space:nowrap;margin-right:.9em}
.findings{list-style:none;margin:0 0 1.5rem;padding:0;font-size:.93rem}
.findings li{display:grid;grid-template-columns:6.2rem minmax(0,1fr);gap:.75rem;align-items:baseline;padding:.55rem 0;border-bottom:1px solid var(--rule)}
.findings .chip{justify-self:start}
.finding{font:1.12rem/1.5 var(--serif);margin-bottom:1.4rem}
.prose{margin:0;padding-left:1.1em;max-width:44em}.prose li{margin-bottom:.5rem}
.id.inline{display:inline;margin-left:.4em}
.example+.example{margin-top:1.75rem;padding-top:1.5rem;border-top:1px solid var(--rule)}
.example h4{font-size:.95rem;color:var(--ink);margin:0}.example h4 b{margin-left:.6em}
.example .lede{margin:.2rem 0 .7rem}
.words{margin:0 0 1rem;padding-left:1.1em;font-size:.93rem}
.tier{display:inline-block;width:.6em;height:.6em;border-radius:2px;background:var(--model);margin-right:.55em}
.tier.mid{opacity:.55}.tier.low{opacity:.22}
figure{margin:0 0 1.5rem;min-width:0}
figcaption{font-size:.875rem;font-weight:600;margin-bottom:.5rem}
figcaption span{display:block;font-weight:400;color:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1.5rem 2.25rem;margin-bottom:1rem}
.charts figure{margin:0}
.on-narrow{display:none}
details{margin-top:.5rem;font-size:.875rem}
summary{cursor:pointer;color:var(--soft);width:max-content;max-width:100%}
summary:hover{color:var(--ink)}
details[open] summary{margin-bottom:.5rem}
footer{border-top:1px solid var(--rule);margin-top:2rem;padding-top:1.25rem;font-size:.84rem;color:var(--soft)}
@media screen{:root:not(.parts) .languages{display:none}.parts [data-part].closed{display:none}}
@media screen and (max-width:60rem){
.block{grid-template-columns:minmax(0,1fr);gap:1rem}
.lede{max-width:44em}}
@media screen and (max-width:45rem){
.page{padding:0 1rem 3rem}
.summary{grid-template-columns:minmax(0,1fr);padding:1.1rem}
.on-wide{display:none}.on-narrow{display:block}
.block{padding:1.75rem 0}
nav ul{gap:1.25rem}
.facts{grid-template-columns:1fr 1fr}
.terms>div{grid-template-columns:minmax(0,1fr)}
.findings li{grid-template-columns:minmax(0,1fr);gap:.3rem}}
@media print{
:root{${LIGHT}--paper:#fff}
@page{margin:16mm}
body{font-size:10pt}
.page{max-width:none;padding:0}
nav,.languages,.skip,.more,details{display:none!important}
.block{grid-template-columns:minmax(0,1fr);gap:.6rem;padding:1rem 0}
.scroll{overflow:visible}
h2,h3,h4{break-after:avoid}figure,tr,.card{break-inside:avoid}
article+article{break-before:page}}
`;
