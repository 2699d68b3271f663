"""What `biocore demo` tells, in English and Indonesian."""

from __future__ import annotations

from typing import Final

from biocore.advice import LANGUAGES, Language
from biocore.report import FixedDict

# Key: English, Indonesian.
TALE: Final[FixedDict[str, tuple[str, str]]] = FixedDict(
    {
        # at the desk
        "desk_title": ("An old woman at the desk", "Seorang nenek di meja perekaman"),
        "desk": (
            "She is {age}, has number {number}, and lost her right ring finger; two others hardly touch, her left eye "
            "is cloudy, and at first she mixes up middle and little finger. `biocore enrol` records her. Scanner and "
            "camera are virtual: their prints and eyes are grown, not taken, and belong to nobody.",
            "Usianya {age}, nomor antreannya {number}, jari manis kanannya tidak ada; dua jari lain hampir tidak "
            "menempel, mata kirinya keruh, dan mula-mula jari tengah dan kelingkingnya tertukar. `biocore enrol` "
            "merekamnya. Pemindai dan kamera ini virtual: sidik jari dan matanya dibuat, bukan diambil, dan bukan "
            "milik siapa pun.",
        ),
        "lights_out": (
            "⚡ The lights go out: the process is killed (signal {signal}), in mid-capture.",
            "⚡ Listrik padam: proses dimatikan (sinyal {signal}) di tengah perekaman.",
        ),
        "same_title": ("The same finger", "Jari yang sama"),
        "same": (
            "The power is back. {done} fingers have their outcome, and nobody has to show them again.",
            "Listrik menyala lagi. {done} jari sudah selesai, dan tidak perlu ditunjukkan lagi.",
        ),
        # the line
        "line_title": ("No line, and then one", "Tanpa jaringan, lalu ada"),
        "line": (
            "The centre has been away for days. Recording never asked for it.",
            "Pusat tidak terhubung berhari-hari. Perekaman tidak pernah memerlukannya.",
        ),
        "no_centre": ("no centre", "tanpa pusat"),
        "waits": (
            "{count} record waits, {size:.1f} MB: it is safe here",
            "{count} rekaman menunggu, {size:.1f} MB: aman di sini",
        ),
        "a_centre": ("a centre", "ada pusat"),
        "answers": ("biocore centre answers at {url}", "biocore centre menjawab di {url}"),
        "left_out": (
            "Left out, and the record stays at the station: {why}",
            "Dilewati, dan rekaman tetap di stasiun: {why}",
        ),
        "sent": ("sent", "terkirim"),
        "sent_what": ("{size:.1f} MB, SHA-256 {digest}…", "{size:.1f} MB, SHA-256 {digest}…"),
        "receipt": ("receipt", "tanda terima"),
        "receipt_what": (
            "signed by the centre, {time}; only now the station lets go of the bodies",
            "ditandatangani pusat, {time}; baru sekarang stasiun melepas isinya",
        ),
        # the centre
        "centre_title": ("What the centre reads", "Yang dibaca pusat"),
        "centre": (
            "Only the centre's private key opens the record; the station never had it.",
            "Hanya kunci rahasia pusat yang membuka rekaman; stasiun tidak pernah memilikinya.",
        ),
        "profile": ("profile", "profil"),
        "resumptions": ("resumptions", "dilanjutkan"),
        "for_the_chip": ("for the chip", "untuk cip"),
        "no_finger": ("no finger", "tidak ada jari"),
        "compared": ("compared", "dibandingkan"),
        "compared_what": (
            "{pairs} pairs at the desk, {left} left to the centre",
            "{pairs} pasang di meja, {left} diserahkan ke pusat",
        ),
        "attempt_of": ("attempt {attempt} of {all}", "percobaan {attempt} dari {all}"),
        "united": ("{count} attempts united", "{count} percobaan digabung"),
        "less_proof": ("with LESS PROOF than usual", "dengan BUKTI KURANG dari biasa"),
        "lowered": ("at a LOWERED threshold", "dengan ambang DITURUNKAN"),
        "station": ("station", "stasiun"),
        "age": ("age", "usia"),
        "occupation": ("occupation", "pekerjaan"),
        # fingers
        "attempt": ("attempt {number}", "percobaan {number}"),
        "usable": ("{share:.0%} usable", "{share:.0%} terpakai"),
        "minutiae": ("{count} minutiae", "{count} minutia"),
        "prints_title": ("The prints", "Sidik jari"),
        "prints": (
            "Every picture in {folder} is assessed, and its minutiae are extracted.",
            "Setiap gambar di {folder} dinilai, dan minutianya diambil.",
        ),
        "another_title": ("Is every finger another one?", "Apakah semua jari berbeda?"),
        "another": (
            "What the station could no longer compare after the power cut, the centre compares: all with all.",
            "Yang tidak dapat dibandingkan stasiun setelah listrik padam, dibandingkan pusat: semua dengan semua.",
        ),
        "same_finger": ("{one} shows the same finger as {other}", "{one} adalah jari yang sama dengan {other}"),
        "all_different": ("All {count} are different fingers.", "Semua {count} adalah jari yang berbeda."),
        "groups_title": ("Which of them show one finger?", "Mana yang jari yang sama?"),
        "groups": ("Each template is compared with all others.", "Setiap templat dibandingkan dengan semua yang lain."),
        "group": ("{count} of one finger: {names}", "{count} dari satu jari: {names}"),
        "alone": ("{count} of {all} match no other.", "{count} dari {all} tidak cocok dengan yang lain."),
        # later
        "later_title": ("A year later", "Setahun kemudian"),
        "later": (
            "At a bank counter somebody says who they are, and lays down the {finger}.",
            "Di loket bank seseorang menyebut siapa dirinya, dan meletakkan {finger}.",
        ),
        "resident": ("The resident", "Pemilik"),
        "stranger": ("The stranger", "Orang lain"),
        "by": (", by the {eye}", ", dengan {eye}"),
        "nothing_to_compare": (
            "{who}: no template, nothing to compare.",
            "{who}: tanpa templat, tidak ada yang dibandingkan.",
        ),
        "score": ("score {score:.0f}", "skor {score:.0f}"),
        "recognised": ("recognised", "dikenali"),
        "refused": ("refused", "ditolak"),
        "in_common": (
            "{count} minutiae in common, false match {rate}",
            "{count} minutia sama, salah cocok {rate}",
        ),
        "false_match": ("false match {rate}", "salah cocok {rate}"),
        # files
        "disk_title": ("What is left on the disk", "Yang tersisa di cakram"),
        "disk": ("Nothing was sent beyond this machine.", "Tidak ada yang dikirim ke luar mesin ini."),
        "file_station": (
            "the station: its journal, now without bodies, and the receipt",
            "stasiun: jurnalnya, kini tanpa isi, dan tanda terima",
        ),
        "file_centre": ("the centre: its keys, and the record", "pusat: kunci-kuncinya, dan rekaman"),
        "file_prints": ("{count} pictures, PNG, out of the record", "{count} gambar, PNG, dari rekaman"),
        "file_fingers": (
            "ISO/IEC 19794-2:2005, fingers: {count}, {size} bytes",
            "ISO/IEC 19794-2:2005, jari: {count}, {size} bita",
        ),
        "file_eyes": (
            "ISO/IEC 19794-6:2011, K{kind}, {count} pictures, {size} bytes",
            "ISO/IEC 19794-6:2011, K{kind}, {count} gambar, {size} bita",
        ),
        "file_records": ("{count} records, ISO/IEC 19794-2:2005", "{count} rekaman, ISO/IEC 19794-2:2005"),
        "file_report": (
            "every picture on one page, to read or print",
            "semua gambar dalam satu halaman, untuk dibaca atau dicetak",
        ),
        "done": ("Done in {seconds:.1f} s.", "Selesai dalam {seconds:.1f} detik."),
    }
)


def tale(key: str, language: Language, **values: object) -> str:
    """Return a sentence of the demo.

    Raises
    ------
    KeyError
        An unknown key or language.
    """
    return dict(zip(LANGUAGES, TALE[key], strict=True))[language].format(**values)
