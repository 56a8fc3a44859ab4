// What a search looks at in a text: its words, and its runs in scripts that are written without spaces.

const LONGEST = 100;
const ASCII = /^[\0-\x7f]*$/;
const WORD = /[\p{L}\p{M}\p{Nd}]+/gu;
const UNSPACED = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Mymr}\p{scx=Khmr}`;
const UNSPACED_RUN = new RegExp(`[${UNSPACED}]+`, "u");
const BEGINNINGS = new RegExp(`(?<![^${UNSPACED}])(?=[^${UNSPACED}])`, "gu");
const ACCENTS =
  /(?<=^|[\0-\x7f\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}])[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+/gu;

/** `words` of scripts with spaces, each once; the runs with others as one text, null without any. */
export function wordsOf(text) {
  if (!text) return { words: [], unspaced: null };
  if (ASCII.test(text)) return { words: distinct(text.toLowerCase().match(/[a-z0-9]+/g) ?? []), unspaced: null };
  const runs = folded(text).match(WORD) ?? [];
  const unspaced = runs.filter((run) => UNSPACED_RUN.test(run));
  if (unspaced.length === 0) return { words: distinct(runs), unspaced: null };
  const words = runs.flatMap((run) => run.split(UNSPACED_RUN)).filter(Boolean);
  const told = [...new Set(unspaced)].sort().map((run) => ` ${run.replace(BEGINNINGS, "|")}`);
  return { words: distinct(words), unspaced: told.join("") };
}

const distinct = (words) => [...new Set(words.map(shortened))].sort();
const shortened = (word) => (word.length > LONGEST ? [...word].slice(0, LONGEST).join("") : word);

/** In NFKC, without case and accents; JavaScript has no case folding, which both cases in turn come close to. */
function folded(text) {
  const bare = text.normalize("NFKD").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKD");
  return bare.replace(ACCENTS, "").replace(/\p{Variation_Selector}/gu, "").normalize("NFC");
}
