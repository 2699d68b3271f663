"""The recording screen's own words, in English and Indonesian; what the policy says is in `biocore.station.words`."""

from __future__ import annotations

from typing import Final

from biocore.advice import LANGUAGES, Language
from biocore.report import FixedDict

# Key: English, Indonesian.
WORDS: Final[FixedDict[str, tuple[str, str]]] = FixedDict(
    {
        # the board
        "number": ("number {number}", "nomor {number}"),
        "done_of": ("{done} of {all} done", "{done} dari {all} selesai"),
        "right": ("right", "kanan"),
        "left": ("left", "kiri"),
        "right_hand": ("right hand", "tangan kanan"),
        "left_hand": ("left hand", "tangan kiri"),
        "thumb": ("thumb", "ibu jari"),
        "index": ("index", "telunjuk"),
        "middle": ("middle", "tengah"),
        "ring": ("ring", "manis"),
        "little": ("little", "kelingking"),
        "eye": ("eye", "mata"),
        "quality": ("quality", "mutu"),
        "needed": ("needed {threshold}", "perlu {threshold}"),
        "hold": ("good, hold still", "bagus, tahan"),
        "and": ("and", "dan"),
        "no_score": ("could not be judged", "tidak dapat dinilai"),
        "not_seen": ("nothing came", "tidak terbaca"),
        "lost": ("the device was lost", "alat terputus"),
        "ready": ("Ready.", "Siap."),
        "capturing": ("Waiting for it.", "Menunggu."),
        "examining": ("Looking at it.", "Sedang diperiksa."),
        "recording": ("Recording it.", "Sedang disimpan."),
        "paused": ("PAUSED. p goes on.", "JEDA. p melanjutkan."),
        "no_device": ("NO DEVICE. Looked for each second.", "TIDAK ADA ALAT. Dicari setiap detik."),
        "blocked": (
            "THE DISK TAKES NOTHING. Tried again each second; nothing is lost.",
            "CAKRAM MENOLAK. Dicoba lagi setiap detik; tidak ada yang hilang.",
        ),
        "complete": ("Everything has its outcome. Enter finishes.", "Semua sudah selesai. Enter menutup rekaman."),
        "finished": ("Finished.", "Selesai."),
        "abandoned": ("Left unfinished.", "Belum selesai."),
        "unsigned": ("A supervisor signs first (t): {fingers}.", "Atasan menandatangani dahulu (t): {fingers}."),
        # keys
        "key_retry": ("again", "ulangi"),
        "key_single": ("one by one", "satu per satu"),
        "key_slap": ("together", "bersama"),
        "key_missing": ("missing", "tidak ada"),
        "key_overrule": ("overrule", "putusan"),
        "key_pause": ("pause", "jeda"),
        "key_go": ("go on", "lanjut"),
        "key_sign": ("sign", "tanda tangan"),
        "key_leave": ("leave", "tinggalkan"),
        "key_finish": ("finish", "tutup"),
        # questions
        "ask_missing": ("Which one cannot be recorded?", "Yang mana tidak dapat direkam?"),
        "ask_kind": ("Why?", "Mengapa?"),
        "ask_review": (
            "When to show it again, like 2026-12-24? Enter: as the profile says.",
            "Kapan direkam ulang, misalnya 2026-12-24? Enter: menurut profil.",
        ),
        "ask_overrule": ("Overrule what?", "Putusan apa?"),
        "ask_which": ("Which one?", "Yang mana?"),
        "ask_supervisor": ("Supervisor's name?", "Nama atasan?"),
        "ask_leave": ("Why is the resident left unfinished?", "Mengapa belum selesai?"),
        "esc": ("Esc: back", "Esc: kembali"),
        "there_after_all": ("there after all", "ternyata ada"),
        "accept_insufficient": ("accept what is not sufficient", "terima yang belum cukup"),
        "reject_sufficient": ("reject what is sufficient", "tolak yang sudah cukup"),
        "restart": ("begin the resident anew", "ulang dari awal"),
        # exceptions, in ten columns
        "amputated": ("amputated", "diamputasi"),
        "absent": ("absent", "tidak ada"),
        "bandaged": ("bandaged", "diperban"),
        "injured": ("injured", "terluka"),
        "prosthetic": ("prosthesis", "prostesis"),
        "cloudy": ("cloudy", "keruh"),
        "drooping": ("lid droops", "kelopak"),
        "cannot_open": ("not open", "tertutup"),
        "unreadable": ("unreadable", "t. terbaca"),
        "doubtful": ("doubtful", "meragukan"),
        "not_shown": ("not shown", "tak tampil"),
        "device_failed": ("no device", "alat rusak"),
        "exception": ("exception", "khusus"),
        # before it begins
        "unfinished": ("Not finished yet:", "Belum selesai:"),
        "unfinished_line": ("record {resident}, {done} done", "rekaman {resident}, {done} selesai"),
        "ask_resume": ("Go on with which one? Enter: somebody new", "Lanjutkan yang mana? Enter: pemohon baru"),
        "ask_name": ("Name", "Nama"),
        "ask_identity": ("Population number", "NIK"),
        "ask_age": ("Age in years (Enter: not known)", "Usia (Enter: tidak tahu)"),
        "ask_ticket": ("Number in the queue", "Nomor antrean"),
        "no_number": ("that is no number", "itu bukan angka"),
        # what happened
        "resumed": (
            "Going on with record {resident}: {done} done, next: {fingers}.",
            "Melanjutkan rekaman {resident}: {done} selesai, berikutnya: {fingers}.",
        ),
        "nothing_next": ("nothing", "tidak ada"),
        "not_compared": (
            "With what was recorded before ({number}) only the centre can compare.",
            "Yang direkam sebelumnya ({number}) hanya dapat dibandingkan oleh pusat.",
        ),
        "switched_single": ("From now on one by one.", "Mulai sekarang satu per satu."),
        "switched_slap": ("From now on together.", "Mulai sekarang bersama."),
        "another_device": ("Another device goes on: {device}", "Alat lain melanjutkan: {device}"),
        "mended": (
            "The disk failed once; it was opened anew, nothing is lost.",
            "Cakram sempat gagal; sudah dibuka lagi, tidak ada yang hilang.",
        ),
        "cancelled": ("Ended, and counts for nothing.", "Dihentikan, tidak dihitung."),
        "noted": ("Noted.", "Dicatat."),
        "signed": ("Signed.", "Ditandatangani."),
        "refused": ("It does not count: {why}. It is recorded.", "Tidak berlaku: {why}. Hal ini dicatat."),
        "reopened": ("Open again: {fingers}.", "Dibuka lagi: {fingers}."),
        "settled": (
            "Number {number} was finished when the power went: done.",
            "Nomor {number} sudah selesai saat listrik padam: selesai.",
        ),
        "index_anew": (
            "The index was damaged; it was made anew from the records.",
            "Indeks rusak; sudah dibuat ulang dari rekaman.",
        ),
        "damaged": (
            "{count} damaged in the journal, the others go on: biocore station verify names them.",
            "{count} rusak dalam jurnal, yang lain tetap berjalan: lihat biocore station verify.",
        ),
        "space_low": (
            "{share} of the disk is free, enough for {days} days: send or carry the records to the centre soon.",
            "Ruang cakram tinggal {share}, cukup untuk {days} hari: segera kirim atau bawa rekaman ke pusat.",
        ),
        "space_very_low": (
            "ONLY {share} OF THE DISK IS FREE, enough for {days} days: send or carry the records to the centre today.",
            "RUANG CAKRAM TINGGAL {share}, cukup untuk {days} hari: kirim atau bawa rekaman ke pusat hari ini.",
        ),
        # at the end
        "recorded": (
            "Recorded: {accepted} of {all}; exceptions: {excepted}.",
            "Terekam: {accepted} dari {all}; pengecualian: {excepted}.",
        ),
        "closed": (
            "Record {resident} is closed; it waits to be sent.",
            "Rekaman {resident} ditutup; menunggu dikirim.",
        ),
        "resumable": (
            "Left unfinished; everything so far is on the disk. Go on with:",
            "Belum selesai; semua sudah tersimpan. Lanjutkan dengan:",
        ),
    }
)


def say(key: str, language: Language, **values: object) -> str:
    """Return a sentence of the screen.

    Raises
    ------
    KeyError
        An unknown key or language.
    """
    return dict(zip(LANGUAGES, WORDS[key], strict=True))[language].format(**values)
