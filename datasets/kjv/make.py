"""Writes counts.svm.gz, words.txt and books.txt: how often each word stands in each chapter of the King James Bible (1611).

python3 make.py bible.data

`bible.data` is a file of Debian's package bible-kjv-text (version 4.38): a header, then 68 windows of text in the form of
compress(1) without its magic bytes, a verse a line ("Ge1:1 In the beginning ..."). The copyright of the text has expired.
A word is a run of at least three letters, in lower case; left out are function words, words in fewer than four chapters
and words in more than half of them. A line of counts.svm.gz is a chapter: the number of its book, then word:count.
"""

import collections
import gzip
import io
import pathlib
import re
import struct
import subprocess
import sys

LEFT_OUT = """
about above after again against all also among and any are art because been before behold being both but came can cannot
come could did didst does doest doeth done doth down each either even ever every for forth from had hadst has hast hath have
having hence her here hereby herein hers herself him himself his hither how howbeit into its itself let like likewise made
make man many may mayest men might mightest more moreover most much must myself neither nevertheless nor not now off one once
only other others our ours ourselves out over own ought said saith same saying saidst sayest say selves shall shalt shalt she
should shouldest since some such than that the thee their theirs them themselves then thence there thereby therefore therein
thereof thereon thereto these they thine thing things this thither those thou though through thus thy thyself till together
too toward two under until unto upon very was wast went were wert what whatsoever when whence where wherefore wherein whereof
whereby whereupon whether which while whither who whom whose whosoever why will wilt with within without would wouldest yea
yet you your yours yourselves went thereon
""".split()

BOOKS = """
Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth 1_Samuel 2_Samuel 1_Kings 2_Kings 1_Chronicles 2_Chronicles
Ezra Nehemiah Esther Job Psalms Proverbs Ecclesiastes Song_of_Solomon Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel
Amos Obadiah Jonah Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi Matthew Mark Luke John Acts Romans 1_Corinthians
2_Corinthians Galatians Ephesians Philippians Colossians 1_Thessalonians 2_Thessalonians 1_Timothy 2_Timothy Titus Philemon
Hebrews James 1_Peter 2_Peter 1_John 2_John 3_John Jude Revelation
""".split()


def text(data):
    (count,) = struct.unpack(">I", data[88:92])
    bounds = struct.unpack(f">{count + 1}I", data[92 : 92 + 4 * (count + 1)])
    for start, end in zip(bounds, bounds[1:]):
        window = b"\x1f\x9d\x90" + data[start:end]
        yield subprocess.run(["gzip", "-dc"], input=window, capture_output=True, check=True).stdout.decode("ascii")


def chapters(lines):
    found = collections.OrderedDict()
    for line in lines:
        verse = re.match(r"(\d?[A-Za-z]+)(\d+):\d+ (.*)", line)
        if verse:
            words = re.findall("[a-z]{3,}", verse[3].lower())
            found.setdefault((verse[1], int(verse[2])), collections.Counter()).update(words)
    return found


def packed(content):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(content.encode())
    return out.getvalue()


found = chapters("".join(text(pathlib.Path(sys.argv[1]).read_bytes())).splitlines())
books = list(dict.fromkeys(book for book, _ in found))
assert (len(found), len(books)) == (1189, 66), (len(found), len(books))
spread = collections.Counter(word for counts in found.values() for word in counts)
words = sorted(w for w, n in spread.items() if 4 <= n <= len(found) / 2 and w not in LEFT_OUT)
number = {word: at for at, word in enumerate(words, 1)}
lines = []
for (book, _), counts in found.items():
    row = sorted((number[word], count) for word, count in counts.items() if word in number)
    lines.append(" ".join([str(books.index(book)), *(f"{at}:{count}" for at, count in row)]))
here = pathlib.Path(__file__).parent
(here / "counts.svm.gz").write_bytes(packed("\n".join(lines) + "\n"))
(here / "words.txt").write_text("\n".join(words) + "\n")
(here / "books.txt").write_text("\n".join(book.replace("_", " ") for book in BOOKS) + "\n")
entries = sum(len(line.split()) - 1 for line in lines)
print(f"{len(words)} words, {len(lines)} chapters, {entries} counts that are not 0")
