"""Words that folders of pictures are named by, where they are not named by artists; without accents, in lower case."""

from __future__ import annotations

PARTS = {
    "train": "train training trainset trn entrainement apprentissage entrenamiento addestramento treino treinamento "
    "trainen обучение обучающая 训练 訓練 训练集 学習",
    "validation": "val valid validation validate valset dev development validierung validacion validazione validacao "
    "validatie валидация проверка 验证 驗證 验证集 検証",
    "test": "test testing testset tst eval evaluation holdout prueba prova teste testen тест "
    "тестовая 测试 測試 测试集 テスト",
}
"""Names of the parts of a division, as torchvision's and Hugging Face's ImageFolder have them, in more languages."""
CONTAINERS = """
    album albums all and archive art arte artes artists arts artwork artworks augmented backup batch best
    bilder by camera carpeta cartella cropped cuadros data dataset datasets dcim de der derivatives die
    dipinti directory dossier download downloads enhanced exhibition exhibitions export famous files fold
    folder folders for fotografie fotos from fullsize gemalde high highres hires hochauflosend image imagenes
    images img imgs immagini in input jpeg jpg jpgs kaggle kopien kunst kunstler labeled labelled large
    les lores lot lots low lowres maler mappe medium meine mes mis my neu neue neuer new nouveau nuevo
    nuova obras oeuvres of old opere ordner orig original originale originals output painters painting
    paintings peintres peintures photo photos pics picture pictures pintores pinturas pittori png pngs
    preview previews processed quadri raw resized room rooms saal sala salle sample samples scan scans
    schilderijen schilders screen selected selection set sets shared slides small subset tableaux the
    thumbnail thumbnails thumbs tif tiff unlabeled unlabelled untitled upload uploads web webp werke
    wikiart wikimedia works zaal
    изображения картины новая папка фото художники 新建文件夹 新規フォルダー 画像 画家 絵画 绘画"""
REST = """
    altri andere autres available divers diverse diversi diversos duplicates extra misc miscellaneous other others otros
    overig reserved rest sold sonstige sonstiges temp tmp todo trash unsorted unsortiert varia varie varios
    various другие разное"""
STYLES = """
    abstract academic barbizon barocco barock barok baroque barroco bauhaus biedermeier byzantine classical
    contemporary dada fauves gothic gotico gotik hanga jugendstil medieval mittelalter modern modernist nabis
    neoclassical neogothic nihonga postmodern prehistoric preraphaelite preraphaelites primitive rayonnist
    renacimiento renaissance rinascimento rococo rokoko romantic secession sezession stijl tachisme ukiyo ukiyoe
    victorian"""
"""Words that are in no artist's name and in many a movement's."""
MOVEMENTS = """
    action painting, art brut, art deco, art nouveau, art nouveau modern, ashcan school, avant garde, avantgarde,
    blaue reiter, blue rider, color field, color field painting, colour field, der blaue reiter, die brucke, dutch
    golden age, feminist art, fluxus, folk art, golden age, graffiti, group of seven, hard edge, hudson river
    school, kinetic art, light and space, lowbrow, lowbrow art, lyrical abstraction, mail art, modern art, naive
    art, neo figurative art, neue sachlichkeit, new european painting, new objectivity, old masters, op art,
    outsider art, peredvizhniki, pop art, post painterly abstraction, poster art, pre raphaelite, pre raphaelite
    brotherhood, pre raphaelites, shin hanga, social, street art, video art, young british artists"""
SUBJECTS = """
    abstracts acuarelas aktbilder akte allegorical allegories altarpieces animal animals aquarelle authentic back
    battle blue bodegones charcoal cityscape cityscapes close closeups copies cycle desnudos dessins detail details
    dibujos disegni drawing drawings early engraving engravings etching etchings fake fakes female figures finished
    flower flowers forgeries forgery framed fresco frescoes frescos front fruhwerk genre genuine gouaches graphics
    highlights history icons illustration illustrations interior interiors landscape landscapes landschaft
    landschaften late later life lithographs male marine marines masterpieces mature men miniatures morte mortes
    mural murals mythological mythology nature natures nude nudes oil oils paesaggi page pages paisajes panels
    panorama pastel pastels paysage paysages period periods phase portrait portraits portrat portrats portretten
    posters print prints radierungen recto religion religious retratos ritratti rose sculpture sculptures seascape
    seascapes self selfportrait selfportraits serie series sketch sketches skizzen spatwerk still stilleben
    stillevens stillife stillleben studies study tekeningen unframed up verso watercolor watercolors watercolour
    watercolours women woodcut woodcuts work works years zeichnungen porträts графика натюрморт натюрморты пейзаж
    пейзажи портрет портреты рисунки"""
AMBIGUOUS_SUBJECTS = "battle blue close figures life page print rose self still up work works"
"""Subjects in a longer name, but surnames or nothing alone."""
PLACES = """
    africa african america american asia asian australia australian austria austrian belgian belgium brazil britain
    british canada canadian china chinese czech danish denmark deutsch deutsche deutschland dutch england english
    europe european finland finnish flanders flemish florence florentine francais france frankreich french german
    germany greece greek holland hungarian hungary india indian international iran ireland irish israeli italia
    italian italiana italiani italien italy japan japanese korea korean latin mexican mexico nederland nederlandse
    netherlandish netherlands nordic northern norway norwegian osterreich persian poland polish portugal portuguese
    roman romania romanian russia russian russland schweiz scotland scottish sienese southern spain spanish suisse
    sweden swedish swiss tuscan uk ukraine ukrainian umbrian us usa venetian venice vietnam германия голландия
    италия россия франция"""
PLACE_COMPANIONS = """
    art artists ecole escuela masters painters painting paintings school schools schule scuola"""
MUSEUMS = """
    collection galeria galerie galleria gallery kunsthalle kunsthaus kunsthistorisches metmuseum musea musee museen
    musees museo museos museu museum museums muzeum pinacoteca pinakothek rijksmuseum sammlung музей"""
"""Words that are in a museum's name and in no artist's."""
COLLECTIONS = (
    "albertina, christie s, hermitage, louvre, mauritshuis, met, moma, orsay, prado, sotheby s, stadel, tate, uffizi"
)
"""Museums and auction houses by name."""
CENTURY = """
    ad after and anfang bc bce before beginning c ca ce cent centuries century circa date dated de e early eeuw end
    ende first half jahrhundert jh jhd late mid middle mitte nd of quarter rd s secoli secolo second siecle siecles
    siglo siglos st th the to turn um undated вв век века 世紀 世纪"""
NOT_IN_NAMES = """
    after ai and anonymous at attributed century circle copies copy d et fake follower forgery garden gardens house
    in manner nach of on or period portrait room school self series street style und with workshop y"""
"""Words beside a painter's name with which it is not his: After Rembrandt, Portrait of Picasso."""
EPITHETS = """
    ae altere d der dj elder i ii iii iv jeune jr jungere le sr the vieux younger"""
"""Words after a name that are not its end."""
PARTICLES = """
    af al and av bin da das de degli dei del della delle den der di do dos du e el en i la las le los of op ten ter
    the und van vom von y zu zum zur"""
"""Words within a name that are written small."""
FAKES = """
    ai dalle deepfake deepfakes diffusion fake fakes falschung falschungen falsificaciones falsos falsi faux forged
    forgeries forgery gan generated imitation imitations midjourney stylegan synthetic vervalsingen подделки"""
"""Words of folders with pictures that are not by the artist whom they look like."""
CAMERA = """
    dsc dscf dsci dscn file frame image img mvi page photo pic picture pxl scan screenshot tile untitled whatsapp"""
"""What cameras and programs begin file names with."""
SIDES = """
    recto verso front back detail details vorderseite ruckseite rückseite ausschnitt dettaglio détail detalle anverso
    reverso fronte retro"""
"""What a file in the folder of one painting shows of it."""
