"""Words with which catalogues name nobody, or somebody near an artist, in the languages of museums.

Lower-case, without accents (as `fold_words` makes them), phrases separated by semicolons. The qualifiers are those of
the Getty's *Categories for the Description of Works of Art*, 4.1.2, with what museums write for them.
"""

from __future__ import annotations

NOBODY = (
    "unknown; unidentified; unattributed; unnamed; undetermined; anonymous; anon; anonymus; anonym; unbekannt; "
    "unbekannte; unbekannter; unbekanntes; unbekannten; unbekanntem; anonyme; anonymer; anonymen; anonymes; inconnu; "
    "inconnue; inconnus; anonimo; anonima; anonimi; ignoto; ignota; ignoti; sconosciuto; sconosciuta; desconocido; "
    "desconocida; desconhecido; desconhecida; anonim; desconegut; onbekend; onbekende; anoniem; anonieme; nieznany; "
    "nieznana; nieznani; anonimowy; неизвестныи; неизвестная; неизвестно; неизвестен; неизв; аноним; анонимныи; "
    "okand; ukjent; ukendt; ubekendt; neznamy; neznama; ismeretlen; tuntematon; ignotus; incognitus; αγνωστος; "
    "bilinmeyen; nieokreslony; nepoznat; nepoznati; neznan; neznani; невідомии; невідомо; невядомы; bilinmiyor; "
    "مجهول; غير معروف; לא ידוע; אנונימי; khong ro; tidak diketahui; unrecorded; nameless; "
    "不詳; 作者不詳; 不明; 作者不明; 未詳; 作者未詳; 佚名; 無名氏; 无名氏; 無款; 작자미상; 미상"
)
"""One of them at the beginning or the end, beside nothing but a role, a culture or a time, names nobody."""
NOBODY_ALONE = (
    "n a; na; none; null; nan; tbd; tba; not known; not available; not given; no artist; no author; no name; various; "
    "various artists; various authors; miscellaneous; misc; mixed; others; other; divers; diverse; diversi; "
    "autori vari; aa vv; varios; varios autores; varia; verschiedene; verschiedene kunstler; diversen; "
    "several artists; multiple artists; collective work; uncertain; k a; keine angabe; ohne angabe; s n; sin autor; "
    "sans auteur; zonder naam; bez autora; разные; flere kunstnere; olika; attributed; attribution; zugeschrieben; "
    "attribue; attribuito; atribuido; umkreis; copy; kopie; n n; nn; unsigned; unbek; o a; ohne autor; sem autor; tbc; "
    "to be determined; to be confirmed; xxx; undefined; object object; unknownunknown author; not identified; "
    "artist not recorded; nicht bekannt; kunstler nicht bekannt; nicht ermittelt; kein kunstler; mehrere kunstler; "
    "not specified; unspecified; not recorded; not stated; missing; "
    "no data; blank; artist not known; other artists; autre; autres; sonstige; diverse kunstler; "
    "copyist; forger; imitator; japan; china; korea; india; persia; iran; egypt; tibet; nepal; "
    "ditto; dito; idem; see above; as above; same; the same; same as above; siehe oben; wie oben; derselbe; dieselbe; "
    "dasselbe; le meme; la meme; lo stesso; la stessa; el mismo; la misma; o mesmo; dezelfde; "
    "ai; ai generated; ai art; artificial intelligence; midjourney; stable diffusion; dall e; dalle"
)
"""Entries that name nobody, as a whole."""
DITTO_AS_WRITTEN = ("id.", "do.", "ders.", "dies.", "dgl.", "desgl.", "s.o.", "s. o.", "même")
"""Entries that name nobody if written with these points and accents; there are artists called Do and Id."""
ROLES = (
    "artist; artists; painter; painters; master; masters; maker; makers; hand; author; creator; photographer; "
    "sculptor; draftsman; draughtsman; engraver; printmaker; illuminator; kunstler; kunstlerin; maler; malerin; "
    "meister; meisters; kunstlers; malers; stecher; zeichner; zeichnerin; fotograf; fotografin; artiste; artistes; "
    "peintre; peintres; "
    "maitre; maitres; auteur; auteurs; graveur; dessinateur; photographe; artista; artisti; artistas; pittore; "
    "pittori; maestro; maestri; autore; autori; autor; autores; pintor; pintores; grabador; mestre; mestres; "
    "kunstenaar; kunstenaars; schilder; schilders; meester; meesters; tekenaar; malarz; artysta; mistrz; художник; "
    "художники; мастер; автор; konstnar; malare; mastare; kunstner; mester; taiteilija; festo; muvesz; slikar; "
    "umetnik; "
    "umetnica; malir; umelec; ressam; mannerist; mannerists; caravaggist; caravaggisti"
)
TITLES = (
    "master; masters; meister; meisters; maitre; maitres; maestro; maestri; mestre; mestres; meester; meesters; "
    "mistrz; мастер; mastare; mester"
)
"""Roles that are parts of names: Meister Bertram."""
TIMES = (
    "century; centuries; cent; c; ca; circa; jahrhundert; jahrhunderts; jh; jhdt; siecle; s; secolo; sec; siglo; "
    "seculo; eeuw; wiek; wieku; w; век; века; в; tal; talet; tallet; early; mid; middle; late; first; second; half; "
    "quarter; last; active; period; dynasty; fruhes; spates; anfang; mitte; ende; halfte; viertel; debut; milieu; "
    "fin; moitie; quart; prima; seconda; meta; inizio; fine; primera; segunda; mitad; begin; eind; helft; medieval; "
    "renaissance; baroque; gothic; romanesque; modern; contemporary; mittelalter; barock; gotik; um; vers; hacia; "
    "und; bis; to"
)
CENTURIES = (
    "century; centuries; cent; jahrhundert; jahrhunderts; jh; jhdt; siecle; secolo; sec; siglo; seculo; eeuw; wiek; "
    "wieku; век; века; period; dynasty"
)
GLUE = (
    "the; a; an; of; from; in; by; or; and; possibly; probably; der; die; das; des; ein; eine; eines; einer; aus; "
    "von; vom; im; oder; le; la; les; l; un; une; de; du; d; dans; ou; et; il; lo; i; gli; uno; una; di; del; della; "
    "dello; dei; degli; nel; o; e; el; los; las; en; y; um; uma; do; da; dos; het; een; uit; van; of; z; ze; из; av; "
    "af; fran; fra; north; south; east; west; northern; southern; eastern; western; central; upper; lower; colonial; "
    "imperial; native; norte; nord; sud; sur; noord; zuid; ancient; icon; icons; mosaic; mosaics; painting; "
    "paintings; pottery; manuscript; manuscripts; art; architecture"
)
SCHOOLS = (
    "school; schools; schule; ecole; ecoles; scuola; escuela; escola; szkoła; szkola; школа; skola; skolan; skole; "
    "ambito; iskola; skolen; circle; workshop; studio; werkstatt; atelier; bottega; taller; werkplaats; people; "
    "culture; "
    "tribe"
)
CULTURES = (
    "african; akan; alsatian; american; aragonese; armenian; asian; assyrian; attic; augsburg; australian; "
    "austrian; aztec; "
    "balinese; baltic; bavarian; belgian; bohemian; bolognese; brazilian; british; bulgarian; burgundian; byzantine; "
    "canadian; castilian; catalan; chilean; chinese; continental; coptic; cretan; croatian; cuban; cuzco; cusco; "
    "cypriot; czech; danish; dutch; ecuadorian; egyptian; emilian; english; ethiopian; etruscan; european; "
    "ferrarese; finnish; flemish; florentine; franconian; french; genoese; georgian; german; greek; guatemalan; "
    "haitian; hungarian; iberian; icelandic; indian; indonesian; iranian; iraqi; irish; islamic; israeli; italian; "
    "japanese; javanese; jewish; korean; latin; latvian; lithuanian; lombard; maltese; maya; mexican; milanese; "
    "minoan; mongolian; moroccan; mughal; mycenaean; orthodox; viking; celtic; folk; neapolitan; nepalese; "
    "netherlandish; nigerian; norwegian; ottoman; pakistani; paduan; persian; peruvian; philippine; filipino; "
    "piedmontese; pisan; polish; portuguese; provencal; rajasthani; rhenish; roman; romanian; russian; safavid; "
    "saxon; scandinavian; scottish; serbian; sicilian; sienese; slovak; slovenian; spanish; sumerian; swabian; "
    "swedish; swiss; syrian; thai; tibetan; turkish; tuscan; tyrolean; ukrainian; umbrian; valencian; venetian; "
    "veronese; vietnamese; welsh; westphalian; yoruba; deutsch; deutsche; deutscher; franzosisch; franzosische; "
    "franzosischer; italienisch; italienische; italienischer; niederlandisch; niederlandische; niederlandischer; "
    "flamisch; flamische; flamischer; hollandisch; hollandische; hollandischer; spanisch; spanische; spanischer; "
    "englisch; englische; englischer; russisch; russische; russischer; osterreichisch; osterreichische; "
    "osterreichischer; schweizerisch; venezianisch; venezianische; venezianischer; florentinisch; florentinische; "
    "sienesisch; sienesische; romisch; romische; neapolitanisch; neapolitanische; bohmisch; bohmische; bohmischer; "
    "frankisch; frankischer; schwabisch; schwabischer; bayerisch; bayerischer; oberrheinisch; oberrheinischer; "
    "mittelrheinisch; niederrheinisch; kolnisch; kolner; nurnberger; augsburger; antwerpener; suddeutsch; "
    "suddeutscher; norddeutsch; norddeutscher; oberdeutsch; japanisch; chinesisch; persisch; francais; francaise; "
    "italien; italienne; italiens; flamand; flamande; hollandais; hollandaise; neerlandais; neerlandaise; allemand; "
    "allemande; anglais; anglaise; espagnol; espagnole; russe; venitien; venitienne; florentin; florentine; "
    "siennois; siennoise; bolonais; bolonaise; napolitain; napolitaine; japonais; japonaise; chinois; chinoise; "
    "persan; persane; byzantin; suisse; italiano; italiana; francese; fiammingo; fiamminga; olandese; tedesco; "
    "tedesca; spagnolo; spagnola; inglese; russo; russa; veneziano; veneziana; veneto; veneta; fiorentino; "
    "fiorentina; senese; bolognese; napoletano; napoletana; lombardo; lombarda; romano; romana; umbro; umbra; "
    "toscano; toscana; emiliano; emiliana; genovese; ferrarese; cretese; bizantino; giapponese; cinese; espanol; "
    "espanola; francesa; frances; italiana; flamenco; flamenca; holandes; holandesa; aleman; alemana; ingles; "
    "inglesa; ruso; rusa; veneciano; veneciana; florentino; florentina; mexicano; mexicana; cuzquena; quitena; "
    "limena; sevillana; sevillano; madrilena; valenciana; castellana; catalana; aragonesa; portugues; portuguesa; "
    "japones; nederlands; nederlandse; hollands; hollandse; vlaams; vlaamse; italiaans; italiaanse; frans; franse; "
    "duits; duitse; engels; engelse; spaans; spaanse; antwerps; antwerpse; brugs; japans; włoski; włoska; "
    "niderlandzki; niderlandzka; flamandzki; flamandzka; holenderski; holenderska; niemiecki; niemiecka; francuski; "
    "francuska; polski; polska; rosyjski; русскии; русская; итальянскии; итальянская; французскии; французская; "
    "голландскии; голландская; фламандскии; фламандская; немецкии; немецкая; испанскии; испанская; новгородская; "
    "московская; svensk; dansk; norsk; tysk; fransk; italiensk; nederlandsk; flamsk; hollandsk; engelsk; spansk"
)
NAMES_TOO = "frans; germain; german; norman; roman; romain; romano; romana; veronese; maya; florentin; florentine"
"""Words for cultures that are first names and by-names too: alone, or after a comma, they are a name."""
PLACES = (
    "germany; france; italy; spain; netherlands; flanders; england; russia; mexico; peru; japan; china; india; "
    "deutschland; frankreich; italien; italie; flandre; antwerp; antwerpen; bruges; brugge; brussels; brussel; "
    "cologne; koln; nuremberg; nurnberg; augsburg; florence; firenze; venice; venezia; siena; rome; roma; naples; "
    "napoli; milan; milano; bologna; ferrara; genoa; genova; paris; london; haarlem; leiden; utrecht; delft; "
    "amsterdam; vienna; wien; prague; prag; toledo; seville; sevilla; valencia; crete; moscow; novgorod; kyoto; edo; "
    "delhi"
)
"""Beside a school, a role or a century they are a culture."""

MASTERS = (
    "master of; master with; meister der; meister des; meister dem; meister von; meister vom; meister mit; "
    "meister am; meister im; maitre de; maitre du; maitre des; maitre d; maitre a; maitre au; maitre aux; "
    "maestro di; maestro del; maestro della; maestro dello; maestro dell; maestro dei; maestro degli; maestro delle; "
    "maestro de; maestro d; meester van; meester met; mestre de; mestre do; mestre da; mestre dos; mistrz z; "
    "mistrz ze; mester for; mester fra; mastaren till; mastaren fran; мастер из; мастер с"
)
"""Beginnings of the names that art historians give to anonymous masters: Master of Flémalle."""

NOUNS = {
    "workshop of": "workshop; workshops; studio; studios; atelier; ateliers; werkstatt; werkst; bottega; taller; "
    "obrador; werkplaats; verksted; verkstad; værksted; warsztat; pracownia; мастерская; dilna; muhely; atelje",
    "circle of": "circle; umkreis; umfeld; kreis; entourage; cercle; cerchia; ambito; circulo; entorno; circol; "
    "omgeving; kring; krets; kreds; krag; круг; окружение; okruh",
    "follower of": "follower; followers; nachfolger; nachfolgerin; nachfolge; nachf; suiveur; suiveurs; seguace; "
    "seguaci; seguidor; seguidora; seguidores; navolger; navolgers; volgeling; etterfølger; efterfølger; "
    "efterfoljare; nasladowca; последователь",
    "imitator of": "imitator; imitators; nachahmer; imitateur; imitatore; imitador; imitadores; imitatie; подражатель",
    "pupil of": "pupil; pupils; student; apprentice; assistant; assistants; associate; schuler; schulerin; gehilfe; "
    "eleve; eleves; allievo; scolaro; alumno; discipulo; aluno; leerling; elev; uczen; ученик",
    "school of": "school; schule; ecole; scuola; escuela; escola; szkoła; школа; skola; skole",
    "manner of": "manner; manier; maniere; maniera; manera; maneira; trant",
    "style of": "style; styles; stil; stile; estilo; stijl",
    "copy after": "copy; copyist; copies; kopie; kopien; kopist; copie; copias; copiste; copia; copista; kopia; kopi; "
    "копия; "
    "replica; replik",
    "forgery of": "forgery; forgeries; forger; fake; fakes; falschung; falscher; falso; falsificacion; vervalsing; "
    "подделка",
}
"""Nouns that stand before an artist, mostly with a preposition, or behind one: workshop of X, X (workshop)."""
NEED_NO_PREPOSITION = (
    "werkstatt; werkst; umkreis; umfeld; nachfolger; nachfolge; nachf; nachahmer; warsztat; pracownia; мастерская; "
    "krag; круг; окружение; nasladowca; последователь; подражатель; ученик; школа; копия; okruh; dilna; "
    "fake; falschung; copy"
)
"""Nouns that stand directly before an artist: Werkstatt Lucas Cranach, мастерская Рубенса."""
PREPOSITIONS = (
    "of; after; by; des; der; dem; den; von; vom; nach; de; du; d; de la; d'apres; d apres; di; da; del; dello; "
    "della; dell; dei; degli; de; do; dos; van; van de; van het; naar; aan; till; av; af; efter; etter; til; z; s; "
    "с; wg"
)
PHRASES = {
    "attributed to": "attributed to; traditionally attributed to; att to; att a; att; atrib; attributed; attribution; "
    "attributions; attrib to; attrib; attr to; attr; ascribed to; "
    "assigned to; zugeschrieben; zugeschr; zugeschrieben an; zuschreibung; zuschreibungen; zuschreibung an; "
    "attribue a; attribue au; "
    "attribuee a; attribue; attribuee; attribution a; attribuito a; attribuito; attribuita a; attr a; attribuzione; "
    "atribuido a; atribuida a; atribuido; atribuida; atribuit a; toegeschreven aan; toegeschreven; toegeschr; "
    "tillskriven; tillskrivet; tilskrevet; przypisywany; przypisywane; przypisywana; przyp; приписывается; "
    "приписываемыи; приписано",
    "formerly attributed to": "formerly attributed to; once attributed to; ehemals; formerly; "
    "previously attributed to; ehemals zugeschrieben; "
    "fruher zugeschrieben; anciennement attribue a; gia attribuito a; antes atribuido a; voorheen toegeschreven aan",
    "possibly": "possibly by; possibly; probably by; probably; perhaps; presumably; vermutlich; wohl; "
    "wahrscheinlich; moglicherweise; peut etre; probablement; forse; probabilmente; posiblemente; probablemente; "
    "possivelmente; provavelmente; mogelijk; waarschijnlijk; vermoedelijk; troligen; muligvis; prawdopodobnie; "
    "возможно; вероятно; maybe; vielleicht; fraglich; unsicher; doubtful",
    "after": "after; nach; d'apres; d apres; naar; naar een ontwerp van; nach einem entwurf von; based on; "
    "inspired by; efter; "
    "etter; według; wg; after a design by; after the",
    "copy after": "copied from; copied after; reproduction of; reproduction after; kopiert nach; copie d'apres; "
    "copia da; copia de; copia del; kopie naar",
    "manner of": "in the manner of; art des; art der; in der art; in der art von; in der art des; nach art des; "
    "a la maniere de; alla maniera di; a la manera de; a maneira de; in de trant van; in de manier van; в манере; "
    "dans le gout de; gout de; genre de",
    "style of": "in the style of; im stil; im stil von; im stil des; dans le style de; nello stile di; al estilo de; "
    "in de stijl van; i stil med; w stylu; в стиле",
    "workshop of": "from the workshop of; studio version of; aus der werkstatt; aus der werkstatt von; office of; "
    "manufactory of",
    "circle of": "aus dem umkreis; aus dem umkreis von; aus dem kreis; dans l'entourage de; nell'ambito di; "
    "close to; near; nahe; "
    "nahe zu; in der nahe von; proche de; vicino a; cercano a",
    "imitation by a program of": "imitation by a program of; ai generated; generated by ai; created by ai; "
    "made with ai; midjourney; "
    "stable diffusion; "
    "dall e; dalle",
}
"""Phrases that stand directly before an artist, or behind one in brackets or after a comma."""
NOT_BEHIND = "student; apprentice; associate; copyist; elev; eleve"
"""Nouns that say what somebody is where they stand behind a name without a preposition."""
BEHIND_A_HYPHEN = "werkstatt; schule; umkreis; kreis; nachfolger; nachfolge; school; workshop; studio; skola"
STAND_LAST = (
    "school; workshop; follower; imitator; copyist; copy; pupil; forgery; fake; werkstatt; nachfolger; nachahmer; "
    "umkreis"
)
"""Nouns that are a qualifier directly behind any name: Norwich School, Rembrandt workshop."""
FIRMS = "atelier van lieshout"
"""Artists' own names that read like a workshop of somebody."""
NEED_EVIDENCE = {"after": "da; segun; с", "imitation by a program of": "ai"}
"""Words that are parts of names too (da Vinci): they count before an artist who has other works in the catalogue."""
WITH = "and; und; et; e; y; en; och; og; i; with; mit; con; avec; met; med; z; и; с"
"""Between an artist and helpers, or two artists."""
HELPERS = (
    "workshop; studio; assistant; assistants; pupil; pupils; follower; followers; school; collaborator; "
    "collaborators; others; other; another; another artist; others unknown; al; werkstatt; gehilfe; gehilfen; "
    "mitarbeiter; schuler; andere; atelier; aide; aides; collaborateur; collaborateurs; eleves; autres; bottega; "
    "aiuti; aiuto; collaboratori; allievi; altri; taller; colaborador; colaboradores; ayudantes; discipulos; otros; "
    "oficina; werkplaats; assistenten; medewerkers; leerlingen; anderen; warsztat; pomocnicy; мастерская; ученики; "
    "verkstad; verksted"
)
"""Who works beside an artist without a name: Rubens and workshop."""
POSSESSIVES = (
    "his; her; their; seine; seiner; ihre; son; ses; sa; sua; suo; suoi; su; sus; seu; seus; zijn; haar; a; an; the"
)
LIFE = (
    "b; born; d; died; active; act; fl; flourished; c; ca; circa; about; after; before; or; and; to; probably; geb; "
    "geboren; gest; gestorben; tatig; nachweisbar; um; bis; vor; nach; ne; nee; mort; morte; actif; active; vers; "
    "nato; nata; morto; morta; attivo; attiva; notizie; nacido; nacida; muerto; activo; activa; nascido; geb; "
    "overleden; werkzaam; ur; zm; род; ум; fodd; dod; fodt; century"
)
"""Words beside the years of a life."""
BORN = "born; b; geb; geboren; ne; nee; nato; nata; nacido; nacida; nascido; ur; род"
"""Before the place of a birth."""
