"""Words of dates in the languages of museums: lower-case, without accents, phrases separated by semicolons."""

from __future__ import annotations

JOINS = "to; through; and; or; und; oder; et; ou; e; o; y; u; en; of; og; och; eller; i; lub; и; или; a; au; al; ad; do"
"""Between two dates or numbers, like a dash: 1500 to 1510, 15th or 16th century."""
BEFORE = (
    "before; prior to; earlier than; pre; ante; vor; avant; prima del; prima di; prima dell; antes de; antes del; "
    "voor; przed; ранее; før; pred; elott; ennen"
)
"""Before what follows, which is not meant with it."""
UNTIL = (
    "by; until; till; no later than; not later than; up to; not after; bis; bis zu; spatestens; nicht nach; jusqu'a; "
    "jusqu'en; fino al; entro il; hasta; ate; tot; niet na; до; по; til"
)
"""Between two dates like a dash; without a first one, up to and including what follows."""
AFTER = (
    "after; since; from; later than; not before; not earlier than; no earlier than; post; nach; nicht vor; seit; ab; "
    "fruhestens; apres; depuis; a partir de; dopo; dopo il; dopo l; dal; despues de; desde; depois de; apos; na; "
    "vanaf; sinds; niet voor; po; od; после; с; efter; etter; fra; fran"
)
"""From what follows on, which may be meant with it."""
LATER = (
    "later; onward; onwards; spater; plus tard; piu tardi; mas tarde; posterior; mais tarde; pozniej; позже; senere; "
    "senare; ff"
)
"""From what precedes on: 1522 or later."""
EARLIER = "earlier; fruher; plus tot; piu presto; anterior; eerder; tidligere; tidigare; wczesniej; раньше"
"""Up to what precedes: 1522 or earlier."""

CENTURY = (
    "century; centuries; cent; jahrhundert; jahrhunderts; jahrhunderte; jhdt; jhd; jh; jhs; siecle; siecles; secolo; "
    "secoli; sec; secc; saec; saeculo; saeculi; siglo; siglos; segle; seculo; seculos; secol; eeuw; eeuws; wiek; "
    "wieku; век; века; вв; stoleti; stol; storocie; szazad; vuosisata; arhundrade; arhundradet; arhundrede; arh; "
    "yuzyıl; "
    "αιωνασ; αιωνα; αι"
)
CENTO = ("duecento", "trecento", "quattrocento", "cinquecento", "seicento", "settecento", "ottocento", "novecento")
"""Italian names of the centuries from the thirteenth."""
NUMBERS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
CENTURY_SIGNS = "世紀|世纪|세기"
CENTURY_LETTERS = "[cswв]"
"""Abbreviations for a century that need an ordinal number beside them: 19th c., XIXe s., s. XVII, XIX w."""
DECADE = "annees; anni; anos; decada de; decada; jaren; lata"
"""Words before the first year of a decade: années 1880."""
DECADE_ENDINGS = r"'?s|['-]?er|'?ers|'?erne|-?tall?ets?|-luku|-luvulla|-?ies|-?е|-?х"
"""Endings that make a decade of its first year, or a century: 1880s, 1880er, 1880-talet, 1800s."""

PARTS = {
    "early": "early; beginning; begin; fruh; fruhe; fruhes; fruhen; anfang; beginn; debut; inizio; inizi; principio; "
    "principios; comienzos; inicio; inicios; principis; vroeg; vroege; poczatek; pocz; начало; нач; borjan; tidigt; "
    "begyndelsen; begynnelsen; tidlig; zacatek",
    "middle": "mid; middle; mitte; milieu; meta; mediados; meados; mitjan; midden; half; srodek; połowa; poł; "
    "середина; сер; mitten; midten; polovina",
    "late": "late; end; spat; spate; spates; spaten; ende; fin; fine; final; finales; finais; fins; eind; einde; laat; "
    "koniec; kon; конец; кон; slutet; slutningen; slutten; sent; konec",
    "turn": "turn; wende; tournant; volta; przełom; рубеж",
}
"""Parts of a century or a decade, before it or after it; `turn` is about its first or its last year."""
FRACTIONS = {
    2: "half; halfte; h; moitie; meta; mitad; metade; meitat; helft; halften; helften; połowa; połowy; poł; половина; "
    "пол; halvan; halvdel; halvdelen; polovina",
    3: "third; drittel; tiers; terzo; tercio; terco; derde; треть; tredjedel",
    4: "quarter; qtr; viertel; quart; quarto; cuarto; quartel; kwart; cwierc; четверть; четв; fjardedel; fjerdedel; "
    "ctvrtina",
}
"""By the number of parts: half, third and quarter."""
ORDINALS = {
    1: "first; early; erste; erstes; ersten; premier; premiere; prima; primo; primer; primera; primeira; primeiro; "
    "eerste; pierwsza; первая; первои; forsta; første; i",
    2: "second; zweite; zweites; zweiten; deuxieme; seconde; seconda; secondo; segunda; segundo; tweede; druga; "
    "вторая; второи; вт; andra; anden; andre; ii",
    3: "third; drittes; dritte; dritten; troisieme; terzo; terza; tercer; tercera; terceiro; terceira; derde; "
    "trzecia; третья; третьеи; tredje; iii",
    4: "fourth; viertes; vierte; vierten; quatrieme; quarto; quarta; cuarto; cuarta; vierde; czwarta; четвертая; "
    "fjarde; fjerde; iv",
    -1: "last; latter; later; letztes; letzte; letzten; dernier; derniere; ultimo; ultima; ultim; laatste; "
    "ostatnia; последняя; последнеи; sista; sidste; siste",
}
"""Ordinal numbers before half, third and quarter; -1 is the last."""

BC = (
    r"b\.?\s?c\.?\s?e|b\.?\s?c|v\.?\s?chr|vor chr(?:istus)?|vor christi geburt|v\.?\s?u\.?\s?z|"
    r"av(?:ant)?\.?\s?j(?:esus)?\.?[\s-]{0,2}c(?:hrist)?|av(?:ant)?\.?\s?(?:notre ere|n\.?\s?e)|avanti cristo|"
    r"a\.?\s?de\s?c|antes de cristo|a\.\s?n\.?\s?e|a\.\s?c\.?\s?n|a\.?\s?c|ante christum|v\.?\s?c|voor christus|"
    r"p\.\s?n\.?\s?e|przed chr|до н\.?\s?э|f\.?\s?kr|pr\.?\s?n\.?\s?l"
)
AD = (
    r"a\.?\s?d|anno domini|c\.?\s?e|n\.?\s?chr|nach chr(?:istus)?|n\.?\s?u\.?\s?z|"
    r"ap(?:res)?\.?\s?j(?:esus)?\.?[\s-]{0,2}c(?:hrist)?|de notre ere|dopo cristo|"
    r"d\.\s?de\s?c|d\.\s?c|despues de cristo|depois de cristo|na christus|n\.\s?c|n\.\s?e|н\.?\s?э|e\.?\s?kr"
)
"""Patterns of the two eras."""

NO_DATE = (
    "n d; nd; no date; not dated; undated; date unknown; unknown; unknown date; o j; oj; ohne jahr; o d; ohne datum; "
    "undatiert; unbekannt; datum unbekannt; s d; sd; s a; sans date; non date; inconnue; date inconnue; senza data; "
    "non datato; ignota; sin fecha; s f; desconocida; fecha desconocida; sem data; desconhecida; zonder datum; "
    "ongedateerd; onbekend; z j; z d; b d; bez daty; nieznana; б д; без даты; неизвестна; неизвестно; u a; udateret; "
    "udatert; odaterad; ukendt; ukjent; okand; n a; na; nan; none; null; not known; various; 不明; 年代不明; 未詳"
)
"""What catalogues write in place of a date, without punctuation."""
