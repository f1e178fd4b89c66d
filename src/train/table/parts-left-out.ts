// Why a table's report lacks a part, in words: a reader should not take it for forgotten.
import { type Name, name } from '../../core/name.ts';
import type { Missing } from '../../report/part.ts';

const because = (words: Name): Missing => ({ missing: words });

/** Of a table whose only feature is a text. */
export const ONE_TEXT = because(
  name(
    'a text is all that is read: which of its words counted is told row by row',
    '只读取一段文本：其中哪些词起了作用，逐行给出',
  ),
);

export const NO_SCALE = because(
  name('a text has no value to move from low to high', '文本没有可以由低到高变化的取值'),
);

export const NO_GROUPS = because(
  name(
    'nothing is promised, or no group of tested rows is large enough to tell a broken promise from chance',
    '没有可核对的承诺，或测试行中没有哪一组大到足以区分偏差与偶然',
  ),
);
