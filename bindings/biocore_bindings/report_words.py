"""What the report page says, in English and Indonesian; causes and advice have their own table in `biocore.advice`."""

from __future__ import annotations

from biocore.advice import LANGUAGES, Language

WORDS: dict[str, tuple[str, str]] = {  # key: English, Indonesian
    "title_finger": ("Fingerprint quality", "Mutu sidik jari"),
    "title_iris": ("Iris quality", "Mutu iris"),
    "title_demo": ("Enrolment record", "Catatan perekaman"),
    "prints": ("pictures", "gambar"),
    "print": ("picture", "gambar"),
    "median": ("median score", "nilai median"),
    "lowest": ("lowest score", "nilai terendah"),
    "below": ("below", "di bawah"),
    "not_assessed": ("not assessed", "tidak dinilai"),
    "not_read": ("Files that could not be read", "Berkas yang tidak terbaca"),
    "distribution": ("scores", "sebaran nilai"),
    "worst_first": ("All pictures, worst first", "Semua gambar, mulai dari yang terburuk"),
    "all": ("All pictures", "Semua gambar"),
    "the_print": ("Print as captured", "Sidik jari sebagaimana direkam"),
    "the_picture": ("Picture as captured", "Gambar sebagaimana direkam"),
    "block_quality": ("Clarity and direction of the ridges", "Kejelasan dan arah guratan"),
    "contours": (
        "Contours found (dashed: continued) and what covers the iris",
        "Kontur yang ditemukan (putus-putus: diteruskan) dan penutup iris",
    ),
    "usable": ("usable", "terpakai"),
    "lids": ("lids", "kelopak"),
    "lashes": ("lashes, shadows", "bulu mata, bayangan"),
    "reflections": ("reflections", "pantulan"),
    "strip": (
        "Iris unwrapped: pupil above, limbus below; what is covered is pale",
        "Iris yang dibentangkan: pupil di atas, limbus di bawah; bagian tertutup tampak pucat",
    ),
    "minutiae": ("minutiae", "minusia"),
    "endings": ("ridge endings", "ujung guratan"),
    "bifurcations": ("bifurcations", "percabangan"),
    "poor": ("unclear", "kabur"),
    "good": ("clear", "jelas"),
    "causes": ("What lowers the quality", "Penyebab mutu rendah"),
    "no_causes": ("Nothing was found that lowers it.", "Tidak ditemukan penyebab."),
    "unknown_cause": ("No cause was recognised.", "Penyebab tidak dikenali."),
    "advice": ("What to do", "Yang perlu dilakukan"),
    "try_again": (
        "Capture again; if it stays so, take another finger.",
        "Rekam ulang; bila tetap demikian, gunakan jari lain.",
    ),
    "try_again_eye": (
        "Capture again; if it stays so, take several pictures or the other eye.",
        "Rekam ulang; bila tetap demikian, ambil beberapa gambar atau gunakan mata yang lain.",
    ),
    "failed": ("could not be measured", "tidak terukur"),
    "no_advice": ("Nothing; the picture can be used as it is.", "Tidak ada; gambar dapat langsung dipakai."),
    "measures": ("Measures", "Ukuran mutu"),
    "measure": ("Measure", "Ukuran"),
    "value": ("Value", "Nilai"),
    "block_value": ("0 to 100", "0 s.d. 100"),
    "histograms": ("Share of blocks by value, low to high", "Sebaran blok menurut nilai, rendah ke tinggi"),
    "score": ("quality score", "nilai mutu"),
    "out_of": ("of 100", "dari 100"),
    "no_score": ("not assessed", "tidak dinilai"),
    "scored_by": ("scored by", "dinilai oleh"),
    "confidence": ("confidence", "keyakinan"),
    "accepted": ("meets the threshold of", "memenuhi ambang"),
    "refused": ("is below the threshold of", "di bawah ambang"),
    "again_advised": ("Captured again after the advice: {0}", "Direkam ulang setelah saran: {0}"),
    "burst": (
        "One of {0} pictures taken after that; the best {1} are made into one template.",
        "Salah satu dari {0} gambar yang diambil sesudahnya; {1} yang terbaik digabung menjadi satu templat.",
    ),
    "again": ("Captured again.", "Direkam ulang."),
    "again_swapped": (
        "Captured again: the {0} had come in its place.",
        "Direkam ulang: sebelumnya {0} yang diletakkan.",
    ),
    "page_note": (
        "Made by biocore {version} on {date}. Nothing in this page was sent anywhere; pictures of fingers and eyes "
        "are personal data and this page contains them.",
        "Dibuat oleh biocore {version} pada {date}. Isi halaman ini tidak dikirim ke mana pun; gambar jari dan mata "
        " adalah data pribadi dan termuat di halaman ini.",
    ),
}

FINGERS: dict[str, tuple[str, str]] = {
    "unknown": ("not named", "tidak disebut"),
    "right-thumb": ("right thumb", "ibu jari kanan"),
    "right-index": ("right index finger", "telunjuk kanan"),
    "right-middle": ("right middle finger", "jari tengah kanan"),
    "right-ring": ("right ring finger", "jari manis kanan"),
    "right-little": ("right little finger", "kelingking kanan"),
    "left-thumb": ("left thumb", "ibu jari kiri"),
    "left-index": ("left index finger", "telunjuk kiri"),
    "left-middle": ("left middle finger", "jari tengah kiri"),
    "left-ring": ("left ring finger", "jari manis kiri"),
    "left-little": ("left little finger", "kelingking kiri"),
    "right": ("right eye", "mata kanan"),
    "left": ("left eye", "mata kiri"),
}

_HISTOGRAMS: dict[str, tuple[str, str]] = {
    "FDA": ("Frequency domain analysis", "Analisis ranah frekuensi"),
    "LCS": ("Local clarity", "Kejelasan setempat"),
    "OCL": ("Orientation certainty", "Kepastian arah"),
    "OF": ("Orientation flow", "Aliran arah"),
    "RVUP": ("Ridge-valley uniformity", "Keseragaman guratan-lembah"),
}
_SUFFIXES: dict[str, tuple[str, str]] = {
    "Bin10_Mean": ("mean", "rata-rata"),
    "Bin10_StdDev": ("spread", "simpangan"),
}
_SINGLE: dict[str, tuple[str, str]] = {
    "MMB": ("Mean of block means, grey", "Rata-rata blok, tingkat abu-abu"),
    "Mu": ("Mean grey", "Rata-rata abu-abu"),
    "ImgProcROIArea_Mean": ("Mean grey of the region of interest", "Rata-rata abu-abu daerah sidik"),
    "OrientationMap_ROIFilter_CoherenceRel": ("Coherence of the ridges, mean", "Koherensi guratan, rata-rata"),
    "OrientationMap_ROIFilter_CoherenceSum": ("Coherence of the ridges, sum", "Koherensi guratan, jumlah"),
    "FingerJetFX_MinutiaeCount": ("Minutiae", "Minusia"),
    "FingerJetFX_MinCount_COMMinRect200x200": (
        "Minutiae in the central 200 px square",
        "Minusia di tengah, 200 px persegi",
    ),
    # ISO/IEC 29794-6, with the unit of the native value
    "usable_iris_area": ("Usable iris area, %", "Luas iris yang terpakai, %"),
    "iris_sclera_contrast": ("Contrast of iris and sclera, %", "Kontras iris dan sklera, %"),
    "iris_pupil_contrast": ("Contrast of iris and pupil, %", "Kontras iris dan pupil, %"),
    "pupil_boundary_circularity": ("Roundness of the pupil, points", "Kebulatan pupil, poin"),
    "grey_scale_utilisation": ("Use of the grey scale, bits", "Pemakaian skala abu-abu, bit"),
    "iris_radius": ("Radius of the iris, px", "Jari-jari iris, px"),
    "pupil_iris_ratio": ("Pupil by iris, %", "Pupil terhadap iris, %"),
    "iris_pupil_concentricity": ("Pupil in the centre of the iris, %", "Pupil di pusat iris, %"),
    "margin_adequacy": ("Margin around the iris, %", "Tepi di sekeliling iris, %"),
    "sharpness": ("Sharpness, power", "Ketajaman, daya"),
    "frontal_gaze": ("Angle of gaze, degrees", "Sudut pandang, derajat"),
    "motion_blur": ("Motion blur, share", "Kabur gerak, bagian"),
    "interlace": ("Interlacing, share", "Jalinan baris, bagian"),
    "segmentation_confidence": ("Confidence in the contours, 0 to 1", "Keyakinan kontur, 0 s.d. 1"),
    "FJFXPos_Mu_MinutiaeQuality_2": ("Minutiae in blocks of middling grey, share", "Minusia di blok abu-abu, bagian"),
    "FJFXPos_OCL_MinutiaeQuality_80": (
        "Minutiae in blocks of certain orientation, share",
        "Minusia di blok pasti, bagian",
    ),
}


def word(key: str, language: Language) -> str:
    """Return a word of the page.

    Parameters
    ----------
    key : str
        Of `WORDS` or `FINGERS`.
    language : {"en", "id"}
    """
    both = WORDS.get(key) or FINGERS[key]
    return both[LANGUAGES.index(language)]


def histogram_name(prefix: str, language: Language) -> str:
    """Return the name of one of NFIQ 2's histograms (`FDA`), or the prefix itself."""
    return _HISTOGRAMS.get(prefix, (prefix, prefix))[LANGUAGES.index(language)]


def measure_name(name: str, language: Language) -> str:
    """Return what a measure is called on the page; one without a name of its own keeps its key."""
    column = LANGUAGES.index(language)
    if name in _SINGLE:
        return _SINGLE[name][column]
    prefix, _, suffix = name.partition("_")
    if prefix in _HISTOGRAMS and suffix in _SUFFIXES:
        return f"{_HISTOGRAMS[prefix][column]}, {_SUFFIXES[suffix][column]}"
    return name
