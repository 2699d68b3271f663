"""The words of an office's notice, in English and Indonesian."""

from __future__ import annotations

from biocore.advice import Language

DAY_NAMES: dict[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
}

# Why not: the values of `office_status.Stop`; the rest: lines of the notice.
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "closed": "the office is closed",
        "paused": "a pause",
        "power": "a power cut",
        "device": "a device failed",
        "staff": "staff are away",
        "space": "the disk is full",
        "key": "the centre's key is missing or expired",
        "station": "the station is out of order",
        "no_centre": "no line to the centre; recording goes on",
        "not_set_up": "records are carried to the centre",
        "yes": "yes",
        "no": "NO",
        "as_of": "{day}, {time}; holds until {until}",
        "recording": "Recording: {answer}",
        "sending": "Sending to the centre: {answer}",
        "backlog": "Recorded and not sent yet: {count}",
        "serving": "Number being served: {numbers}",
        "served": "Served today: {done}; waiting: {waiting}, of them carried over from earlier days: {carried}",
        "forecast": "At this pace {expected} of {of} today (between {low} and {high})",
        "wait": "Whoever comes now waits {low} to {high} minutes",
        "not_today": "Whoever comes now is not served today",
        "unknown": "How long it will take is not known while nothing is recorded",
        "next_free": "Next day with a free place: {day}",
        "clock": "The station's clock is wrong: times are estimates",
    },
    "id": {
        "closed": "kantor tutup",
        "paused": "jeda",
        "power": "listrik padam",
        "device": "alat rusak",
        "staff": "petugas tidak di tempat",
        "space": "ruang penyimpanan penuh",
        "key": "kunci pusat tidak ada atau kedaluwarsa",
        "station": "alat perekam tidak dapat dipakai",
        "no_centre": "tidak ada sambungan ke pusat; perekaman tetap berjalan",
        "not_set_up": "data rekaman diantar ke pusat",
        "yes": "ya",
        "no": "TIDAK",
        "as_of": "{day}, pukul {time}; berlaku sampai {until}",
        "recording": "Perekaman: {answer}",
        "sending": "Pengiriman ke pusat: {answer}",
        "backlog": "Sudah direkam, belum terkirim: {count}",
        "serving": "Nomor yang sedang dilayani: {numbers}",
        "served": "Dilayani hari ini: {done}; menunggu: {waiting}, di antaranya sisa hari sebelumnya: {carried}",
        "forecast": "Perkiraan hari ini {expected} dari {of} orang (antara {low} dan {high})",
        "wait": "Yang datang sekarang menunggu {low} sampai {high} menit",
        "not_today": "Yang datang sekarang tidak terlayani hari ini",
        "unknown": "Selama perekaman berhenti, lama menunggu belum diketahui",
        "next_free": "Hari berikutnya yang masih ada tempat: {day}",
        "clock": "Jam alat perekam tidak tepat: waktu di atas hanya perkiraan",
    },
}
