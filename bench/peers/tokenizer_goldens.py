"""Writes what the reference library makes of texts, for src/encoders/tokenizer/*.test.ts.

    python bench/peers/tokenizer_goldens.py tiny > test/fixtures/tokenizers/tiny.json
    python bench/peers/tokenizer_goldens.py real MODELS DATA > test/fixtures/tokenizers/real.json

`tiny` trains a small tokenizer of every kind on hand-written texts and lines of the Women's E-Commerce Clothing Reviews
(CC0), and writes the tokenizers with their pieces. `real` hashes the pieces of 10,000 lines a language under real
tokenizers: SHA-256 over 500 texts of each number as int32 little-endian, -1 after each text.

Needs `tokenizers` and `sentencepiece`. Places are UTF-16 units, white space at either end left out.
"""

import gzip
import hashlib
import io
import json
import os
import struct
import sys
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HARD = [
    "", " ", "   leading and trailing   ", "a\tb\nc\r\nd\u000be\u000cf\u0085g", "naïve Café, CRÈME brûlée", "Cafe\u0301 e\u0301\u0302",
    "iPhone手机壳 iPhone 14 Pro", "我爱北京天安门！！！", "這件裙子質量很好", "ｆｕｌｌ　ｗｉｄｔｈ！？１２３", "㈱①Ⅷ㎏ﬁﬂ ½ ²", "ｶﾞﾊﾟ ガ カ\u3099",
    "한국어 텍스트 \u1112\u1161\u11ab", "ภาษาไทย ก็ดี", "हिन्दी में", "עברית ועוד", "العربية جداً", "ΑΣ ΟΔΟΣ Σ", "İstanbul IŞIK ı", "ß STRASSE ẞ",
    "👍🏽 👨‍👩‍👧 🇨🇳 1️⃣ ❤️ ☺", "soooo goooood!!!!!!!", "don't I'll we've they're it's he'd I'm", "a\u00adb zero\u200bwidth\u200djoin\ufeff",
    "price: $19.99/¥128 — 50% off…", "C:\\path\\file_name-2.txt", "http://example.com/a?b=c&d=%20", "snake_case CamelCase kebab-case", "x" * 120, "ab" * 60,
    "constructor __proto__ toString hasOwnProperty", "[CLS] [MASK] [SEP] <s> </s> <mask> <pad> <unk>", "a[MASK]b  [MASK]  c", "a <mask> b<mask>c",
    "null \u0000 byte", "\ufffd replacement \ufffd\ufffd", "▁already ▁▁signed", "tab\t\ttab  double  spaces", "𝕸𝖆𝖙𝖍 𝒷ℴ𝓁𝒹 𠮷野家 𪚥", "Q\u0308\u0323 o\u0323\u0302",
    "1234567890 12,345.67 ١٢٣ ²³", "(brackets) {curly} <angle> “quotes” ‘single’ «guillemets»", "。，、；：？！…—·「」『』（）【】《》", "\u3000\u2003\u00a0spaces\u2028line\u2029paragraph",
    "The quick brown fox jumps over the lazy dog.", "THE QUICK BROWN FOX", "   ", "\n\n", "ok", "好", "👍", "e\u0301", "\u0301", "newword newwords renewword", "ab cd abcd",
]

# Letters no tokenizer is trained on: unknown, side by side and apart.
UNSEEN = ["龘靐齉 ok 龘", "ok龘ok☃☄ ☃", "☃", " ☄ ☄☄ ", "Ωω龘Ω"]


def lines(*parts):
    return gzip.open(os.path.join(*parts), "rt", encoding="utf-8", newline="\n").read().split("\n")


def utf16(text, offset):
    return len(text[:offset].encode("utf-16-le")) // 2


def place(text, token, start, end, strips):
    """Code points to UTF-16 units, without white space at either end; a sign put in front of the text has no width, and an
    accent that is stripped belongs to its letter."""
    if token in ("▁", "Ġ") and start == 0 and text[:1] not in (" ", "▁"):
        return [0, 0]
    while strips and start < end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1
    part = text[start:end]
    if part.strip() != "":
        start += len(part) - len(part.lstrip())
        end -= len(part) - len(part.rstrip())
    return [utf16(text, start), utf16(text, end)]


def train(tokenizer, trainer, texts):
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tiny_charsmap():
    """SentencePiece's compiled map of a few rules: enough to walk its trie, small enough to keep."""
    rules = {"ａ": "a", "ｂ": "b", "ｃ": "c", "！": "!", "１": "1", "２": "2", "３": "3", "㈱": "(株)", "ﬁ": "fi", "½": "1/2", "\u200b": " ",
             "É": "é", "e\u0301": "é", "ｶﾞ": "ガ", "ｶ": "カ", "…": "...", "\u3000": " ", "☺\ufe0f": ":)", "☺": ":)", "ẞ": "ß"}
    with tempfile.TemporaryDirectory() as folder:
        rule_file = os.path.join(folder, "rules.tsv")
        with open(rule_file, "w", encoding="utf-8") as out:
            for source, target in rules.items():
                out.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c d e f", "a b", "c d"] * 10), model_writer=model, vocab_size=14, character_coverage=1.0,
            normalization_rule_tsv=rule_file, hard_vocab_limit=False, minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def framed(tokenizer, opening, closing):
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{opening} $A {closing}", pair=f"{opening} $A {closing} $B {closing}",
        special_tokens=[(opening, tokenizer.token_to_id(opening)), (closing, tokenizer.token_to_id(closing))])
    return tokenizer


def tiny(texts):
    bert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    roberta = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)]
    made = {}

    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer()
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made["wordpiece, lower case"] = framed(train(t, trainers.WordPieceTrainer(vocab_size=500, special_tokens=bert, show_progress=False), texts), "[CLS]", "[SEP]")

    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    t = train(t, trainers.WordPieceTrainer(vocab_size=400, special_tokens=bert, show_progress=False), texts)
    t.add_tokens([AddedToken("ab", single_word=True), AddedToken("Café", normalized=True), AddedToken("newword", normalized=False)])
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made["wordpiece, words and digits, pieces added"] = t

    for name, prefix in (("byte pairs of bytes", False), ("byte pairs of bytes, a space in front", True)):
        t = Tokenizer(models.BPE())
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        t = train(t, trainers.BpeTrainer(vocab_size=500, special_tokens=roberta, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False), texts)
        t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=prefix)
        t.decoder = decoders.ByteLevel()
        made[name] = t

    t = Tokenizer(models.BPE(ignore_merges=True))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    made["byte pairs of bytes, cut by an expression"] = train(t, trainers.BpeTrainer(vocab_size=450, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False), texts)

    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made["byte pairs of letters, unknown joined"] = train(t, trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>"], limit_alphabet=60, show_progress=False), texts)

    t = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_previous")])
    t.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " ")])
    made["byte pairs with prefix and suffix"] = train(t, trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>"], continuing_subword_prefix="##", end_of_word_suffix="</w>", show_progress=False), texts)

    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.NFKC()
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    made["unigram"] = train(t, trainers.UnigramTrainer(vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False), texts)

    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(tiny_charsmap()), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="first")])
    t = train(t, trainers.UnigramTrainer(vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False), texts)
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    made["unigram, compiled map"] = framed(t, "<s>", "</s>")

    parts = json.loads(t.to_str())
    parts["model"]["byte_fallback"] = True
    parts["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKD"}]}
    parts["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}
    parts["added_tokens"] = [a for a in parts["added_tokens"] if a["content"] != "<mask>"]
    parts["model"]["vocab"] += [[f"<0x{b:02X}>", -30.0] for b in range(256)]
    made["unigram, bytes for the unknown"] = Tokenizer.from_str(json.dumps(parts))
    return made


def places_of(text, encoding, strips):
    return [c for token, (start, end) in zip(encoding.tokens, encoding.offsets) for c in place(text, token, start, end, strips)]


def strips_accents(parts):
    normalizer = parts["normalizer"] or {}
    return normalizer.get("lowercase", False) or any(n["type"] == "StripAccents" for n in normalizer.get("normalizers", []))


def with_pieces(tokenizer, texts):
    strips = strips_accents(json.loads(tokenizer.to_str()))
    encodings = tokenizer.encode_batch(texts)
    return {
        "file": json.loads(tokenizer.to_str()),
        "ids": [e.ids for e in encodings],
        "places": [places_of(text, encoding, strips) for text, encoding in zip(texts, encodings)],
    }


def write_tiny():
    data = os.path.join(os.path.dirname(__file__), "..", "..", "..", "shared", "data")
    reviews = lines(data, "reviews_en", "womens_clothing_ecommerce_reviews.csv.gz")[1:200]
    texts = [line for line in reviews if len(line) < 240][:30] + HARD + UNSEEN
    training = [line for line in reviews if len(line) < 500] + HARD * 3
    return {
        "source": f"tokenizers {tokenizers.__version__}, sentencepiece {sentencepiece.__version__}; lines of Women's E-Commerce Clothing Reviews (CC0) and hand-written texts",
        "command": "python bench/peers/tokenizer_goldens.py tiny",
        "version": tokenizers.__version__,
        "texts": texts,
        "tokenizers": {name: with_pieces(t, texts) for name, t in tiny(training).items()},
    }


def hashes(tokenizer, texts):
    out = []
    strips = strips_accents(json.loads(tokenizer.to_str()))
    for start in range(0, len(texts), 500):
        ids, places = hashlib.sha256(), hashlib.sha256()
        part = texts[start : start + 500]
        for text, encoding in zip(part, tokenizer.encode_batch(part)):
            ids.update(struct.pack(f"<{len(encoding.ids) + 1}i", *encoding.ids, -1))
            flat = places_of(text, encoding, strips)
            places.update(struct.pack(f"<{len(flat) + 1}i", *flat, -1))
        out.append([ids.hexdigest()[:16], places.hexdigest()[:16]])
    return out


def open_real(path):
    parts = json.load(open(os.path.join(path, "tokenizer.json"), encoding="utf-8"))
    parts["truncation"] = parts["padding"] = None
    if parts["model"]["type"] == "Unigram":
        # A few scores are missing in USE-lite's file: the mean of their neighbours, as openTokenizer has it.
        vocab = parts["model"]["vocab"]
        for i, row in enumerate(vocab):
            if row[1] is None:
                after = next(r[1] for r in vocab[i:] if r[1] is not None)
                row[1] = (vocab[i - 1][1] + after) / 2
    return Tokenizer.from_str(json.dumps(parts))


def write_real(model_folder, data):
    english = lines(data, "reviews_en", "womens_clothing_ecommerce_reviews.csv.gz")[:7000] + lines(data, "amazon_text", "beauty_asin_title.csv.gz")[:3000]
    chinese = lines(data, "reviews_zh", "ChnSentiCorp_htl_all.csv.gz")[:5000] + lines(data, "reviews_zh", "waimai_10k.csv.gz")[:5000]
    folders = {"minilm-en": "tokenizers/minilm-en", "bge-small-zh": "tokenizers/bge-small-zh", "use-lite-en": "use-lite-en"}
    return {
        "source": f"tokenizers {tokenizers.__version__} over 7,000 lines of Women's Clothing and 3,000 of Beauty titles, 5,000 of ChnSentiCorp and 5,000 of waimai_10k; [ids, places] of every 500",
        "command": "python bench/peers/tokenizer_goldens.py real MODELS DATA",
        "version": tokenizers.__version__,
        "hashes": {
            name: {language: hashes(open_real(os.path.join(model_folder, folder)), texts) for language, texts in (("en", english), ("zh", chinese))}
            for name, folder in folders.items()
        },
    }


if __name__ == "__main__":
    result = write_tiny() if sys.argv[1] == "tiny" else write_real(*sys.argv[2:4])
    json.dump(result, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write("\n")
