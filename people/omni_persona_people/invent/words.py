"""The word lists that invented people are put together from.

Every entry reads naturally in the sentence named above its list. Most fields join two lists (`..._TAILS`), so
that ten thousand people rarely say the same thing. Entries keep to plain ASCII: a model's answer is compared
with them.
"""

from __future__ import annotations


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def commas(text: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in text.strip().split(","))


# "works as a/an ..."
ROLES = commas(
    """
    harbour pilot, beekeeper, piano tuner, tram driver, glassblower, land surveyor, dental nurse, pastry chef,
    locksmith, court interpreter, wind turbine technician, school librarian, veterinary assistant, bookbinder,
    crane operator, midwife, stonemason, optician, air traffic controller, upholsterer, speech therapist,
    chimney sweep, lift engineer, sign writer, actuary, tree surgeon, lifeguard, saddler, subtitle translator,
    radio producer, insurance assessor, milliner, ski instructor, pharmacist, quantity surveyor, prop maker,
    shepherd, cheese grader, ambulance dispatcher, tax adviser, violin restorer, zookeeper, data archivist,
    ferry steward, cartographer, prison chaplain, perfumer, crossword editor, fencing coach, bridge inspector,
    animator, taxidermist, plasterer, customs officer, podiatrist, wedding planner, lab technician, barber,
    sommelier, auctioneer, postal sorter, roofer, voice actor, antiques valuer, bricklayer, firefighter,
    hydrologist, dog groomer, nursery teacher, ceramicist, tailor, court stenographer, orchard manager,
    puppeteer, radiographer, ship broker, paramedic, meteorologist, cobbler, debt counsellor, tattooist,
    network administrator, seed merchant, choreographer, welder, museum guard, sound engineer, notary,
    physiotherapist, butcher, toy designer, game warden, set painter, cabinet maker, tour guide, ice sculptor,
    hearing aid fitter, blacksmith, umpire, switchboard operator, vineyard foreman, forensic accountant,
    patent clerk, street sweeper, milk tester, trombone teacher, diving instructor, exam invigilator, night
    porter, copywriter, furniture polisher, wallpaper hanger, oyster farmer, rail signaller, anaesthetist,
    mountain rescuer, theatre dresser, bus mechanic, marriage registrar, soil analyst, escalator inspector,
    judo trainer, hotel concierge, safety auditor, goldsmith, water bailiff, ballet pianist, laundry
    supervisor, bell founder, escape room builder
    """
)

# "works for ...": a name, then a kind; a kind that starts with "the" puts the name after its article.
AFFILIATION_NAMES = commas(
    """
    Brackenhurst, Larkspur, Osterley, Copperline, Juniper, Fallowmere, Northgate, Tamarind, Silverbeck,
    Quillon, Harrowgate, Meridian, Ravensworth, Solway, Kestrel, Lindenhall, Amberley, Zephyr, Thornbury,
    Calloway, Pemberwick, Orion, Wexcombe, Halcyon, Dunmore, Elderfield, Vantage, Marlowe, Skerry, Peregrine,
    Ashgrove, Bellweather, Cobalt, Drummond, Everholt, Foxley, Gantry, Hollin, Ironbark, Jarrow, Kingsmead,
    Lodestar, Monmouth, Nimbus, Oakhanger, Palisade, Quarrington, Rookwood, Saltmarsh, Tidewell, Umbra,
    Verity, Windrush, Yarrow, Zenith, Aldermoor, Blythe, Crowmarsh, Daventry, Eskdale, Farthing, Greystoke,
    Hexham, Ivybridge
    """
)
AFFILIATION_KINDS = commas(
    """
    the Institute, the Foundation, the Trust, the Collective, the Partnership, the Cooperative, the Agency,
    the Bureau, the Society, the Network, the Association, the Consortium, the Alliance, the Guild,
    the Federation, the Company, and Daughters, and Partners, Brothers, Group, Works, Services, Enterprises,
    Holdings, Ventures, Limited, Solutions, Associates, International, and Sons
    """
)

# "studied ..."
MAJORS = commas(
    """
    marine biology, Roman law, textile design, astrophysics, musicology, nursing, hydraulic engineering,
    Sanskrit, agronomy, art history, statistics, theology, journalism, food chemistry, forestry, urban
    planning, comparative literature, robotics, geology, social work, linguistics, accountancy, archaeology,
    optometry, political science, materials science, Slavic languages, sports medicine, philosophy, industrial
    design, econometrics, zoology, film studies, aeronautics, pedagogy, biochemistry, botany, cultural
    anthropology, pure mathematics, international relations, landscape architecture, public health, computer
    graphics, criminology, Byzantine history, ethnomusicology, fluid mechanics, genetics, human geography,
    immunology, Japanese philology, knitwear technology, logistics, metallurgy, neuroscience, oceanography,
    palaeontology, quantum optics, rhetoric, seismology, tourism management, virology, wood science,
    operations research, medieval history, dramaturgy, nutrition, cryptography, behavioural psychology, mining
    engineering, library science, game theory, climatology, classical archaeology, dance, electrical
    engineering, epidemiology, fine arts, gender studies, horticulture, information systems, jewellery design,
    kinesiology, maritime law, nanotechnology, obstetrics, pharmacology, religious studies, sociology,
    toxicology, veterinary science, typography, viticulture, Arabic grammar, bioethics, catering,
    developmental psychology, entomology, family law, glaciology, heritage conservation, printmaking, number
    theory, Iberian literature, acoustics, actuarial science, prosthetics, sculpture, surveying, packaging
    design, peace studies
    """
)

# "free time goes into ..."
HOBBIES = lines(
    """
    collecting sea glass
    playing the accordion
    restoring valve radios
    carving wooden spoons
    birdwatching
    knitting mittens
    building model aeroplanes
    growing giant pumpkins
    bell-ringing
    rock climbing
    keeping carrier pigeons
    writing haiku
    brewing ginger beer
    solving chess puzzles
    swimming in cold lakes
    making marionettes
    folk dancing
    metal detecting
    embroidering tablecloths
    baking sourdough
    mending bicycles
    stargazing
    urban sketching
    singing in a choir
    throwing pots
    playing table tennis
    foraging for mushrooms
    flying kites
    collecting enamel badges
    tap dancing
    photographing derelict factories
    playing the bagpipes
    training sheepdogs
    folding origami
    learning card tricks
    archery
    competitive crosswords
    making soap
    rowing
    pressing wildflowers
    juggling
    weaving willow baskets
    beachcombing
    amateur wrestling
    fixing typewriters
    playing bridge
    skateboarding
    tying fishing flies
    painting miniatures
    making cider
    trampolining
    recording birdsong
    collecting postage stamps
    parkour
    playing the ukulele
    caving
    blending teas
    quilting
    building dry stone walls
    fencing
    roller derby
    binding notebooks
    geocaching
    playing the harmonica
    keeping tropical fish
    orienteering
    making stained glass
    bonsai
    surfing
    blowing glass beads
    calligraphy
    racing remote-controlled cars
    raising orchids
    pub quizzes
    making sausages
    improvised comedy
    long-distance running
    lace-making
    playing darts
    canoeing
    writing limericks
    whittling whistles
    boxing
    screen printing
    playing the cello
    beading
    curling
    reading tarot cards
    cultivating cacti
    building ships in bottles
    stone skimming
    making jam
    falconry
    ballroom dancing
    playing the theremin
    collecting matchboxes
    sailing dinghies
    writing detective stories
    carving pumpkins
    tinkering with synthesisers
    """
)
HOBBY_TAILS = lines(
    """
    with a group of retired friends
    before breakfast
    late into the night
    on wet afternoons
    with two stepchildren
    for charity
    under a patient tutor
    every other Saturday
    in all seasons
    with more zeal than talent
    with a former rival
    for small bets
    with an elderly aunt
    all through January
    at weekend camps
    for the sheer joy of it
    with the entire family
    ever since childhood
    on Thursday evenings
    among total beginners
    to calm down
    with three loud cousins
    """
)

# "is interested in ...": an angle, then a subject.
INTEREST_ANGLES = lines(
    """
    the history of
    the design of
    the future of
    the folklore of
    the economics of
    the origins of
    the symbolism of
    the hidden science of
    the politics of
    the restoration of
    the golden age of
    the strangest examples of
    """
)
INTEREST_SUBJECTS = commas(
    """
    suspension bridges, canals, typefaces, clock towers, board games, railway stations, umbrellas,
    lighthouses, carnival masks, shipwrecks, playing cards, public fountains, coins, alphabets, tea houses,
    comic strips, spacesuits, maps, wallpaper, windmills, musical boxes, weather vanes, perfumes, tattoos,
    street signs, circuses, cookbooks, submarines, pocket watches, botanical gardens, sewing machines, ghost
    towns, national anthems, telescopes, vending machines, dolls' houses, airships, spices, calendars, chess
    sets, department stores, drinking straws, hot springs, encyclopedias, fireworks, folk costumes,
    greenhouses, hedge mazes, ice rinks, jigsaw puzzles, jukeboxes, kaleidoscopes, ladders, lullabies, magic
    lanterns, mosaics, neon lights, observatories, optical illusions, pencils, pinball, planetariums,
    quarries, rope bridges, rubber stamps, salt mines, scarecrows, secret codes, shop windows, soap operas,
    staircases, sundials, swimming pools, synthesisers, time capsules, toy theatres, tunnels, ventriloquism,
    video arcades, voting systems, water clocks, wedding customs, zips, barcodes, aqueducts, bandstands,
    carousels, dictionaries
    """
)

# "talked about ...": an event, then its circumstance.
TOPICS = lines(
    """
    losing a wedding ring
    teaching a parrot to whistle
    repairing a grandfather clock
    finding a letter inside a wall
    chasing a runaway pony
    cooking for sixty strangers
    missing the last train
    burying a time capsule
    meeting a long-lost twin
    dropping a cake
    rescuing a fox
    being mistaken for a detective
    inheriting a haunted piano
    splitting a pair of trousers
    crossing a flooded valley
    forgetting a famous name
    winning a goose
    sharing a taxi with a magician
    discovering a secret staircase
    swapping suitcases by mistake
    getting locked in a museum
    carrying a mattress uphill
    hearing a ghost
    painting the wrong house
    breaking a priceless vase
    delivering a baby
    planting three hundred tulips
    sleeping in a lighthouse
    catching a pickpocket
    building an igloo
    interviewing a hermit
    stopping a runaway tram
    dancing with an ambassador
    selling a broken lawnmower
    hiding a surprise party
    tracking down a stolen violin
    translating a love poem
    climbing out of a window
    befriending a crow
    fainting at a concert
    buying a lorry at an auction
    arguing with a parking meter
    setting fire to a pancake
    guarding a giant cheese
    reading a stranger's diary
    losing a bet
    adopting a tortoise
    spotting a comet
    falling into a fountain
    judging a beard contest
    unmasking a fraud
    proposing to the wrong twin
    dismantling a chandelier
    smuggling a kitten
    writing a speech for a mayor
    getting stuck in a lift
    milking a goat
    counting bats
    digging up a Roman coin
    pulling a tooth
    driving a hearse
    cutting the wrong cable
    impersonating a waiter
    rowing across a lake
    running a marathon backwards
    wearing two odd shoes
    waking up a whole village
    tuning an organ
    outwitting a burglar
    taming a swan
    photographing an eclipse
    ordering snails
    evacuating a cinema
    naming a newborn giraffe
    ironing a priest's robe
    thawing a frozen tuba
    rehearsing with a nervous tenor
    untangling a kite
    escaping from a boring wedding
    borrowing a canoe
    directing traffic
    losing a chess game to a child
    reciting the wrong poem
    racing a postman
    rebuilding a snowman
    oversleeping on moving day
    repainting a merry-go-round
    signing for somebody's parcel
    blowing up two hundred balloons
    feeding an owl
    answering a wrong number
    mixing up salt and sugar
    sawing through a table leg
    lending money to a clown
    finding a message in a bottle
    failing to park a caravan
    inventing a new sandwich
    herding ducks
    pushing a car to the border
    praising the wrong soup
    bidding for a stuffed bear
    putting up a tent
    correcting a professor
    waiting for a locksmith
    guessing a password
    following a marching band
    toasting the wrong bride
    knocking over a domino record
    washing a delivery van
    copying a signature
    """
)
TOPIC_TAILS = lines(
    """
    during a power cut
    in a thunderstorm
    an hour before dawn
    in the middle of a heatwave
    with only a teaspoon
    on a moving ferry
    in front of the whole school
    without a word of the language
    on the coldest day of the decade
    with one arm in plaster
    at a masked ball
    while half asleep
    in thick fog
    in complete darkness
    with a terrible cold
    at the Spanish border
    in borrowed boots
    two minutes before a deadline
    with a camera crew watching
    behind a bakery
    in a monastery garden
    on a rooftop
    in fancy dress
    after a sleepless week
    under a railway arch
    with a police escort
    at the top of a volcano
    in a hired tuxedo
    on a blind date
    during an earthquake drill
    with the radio blaring
    at a motorway service station
    on leap day
    in the royal box
    with help from a retired admiral
    halfway up a glacier
    in a crowded sauna
    at an airport carousel
    during a chess tournament
    outside a casino
    with a bucket and a broom
    in a blizzard
    on an empty stomach
    at a stranger's funeral
    before a panel of judges
    on the eve of an election
    with a torn map
    in the shade of a fig tree
    by moonlight
    on a budget of ten coins
    while wearing roller skates
    in a pine forest
    on a narrow balcony
    beside a busy dance floor
    with a parachute still attached
    in the presence of a bishop
    with somebody else's shoes on
    in the desert
    on live television
    """
)

# "once said: ...": a small invented proverb, "A crooked ladder keeps its promises."
QUOTE_OPENERS = lines(
    """
    {A}
    Even {a}
    Only {a}
    Believe me, {a}
    In the end {a}
    Mark my words, {a}
    Trust me, {a}
    To my mind {a}
    """
)
QUOTE_ADJECTIVES = commas(
    """
    crooked, patient, borrowed, truthful, rusty, quiet, stubborn, leaky, humble, cracked, lazy, clever,
    lonely, dusty, cheerful, forgotten, polished, hollow, gentle, squeaky, wobbly, careful, proud, empty,
    ancient, modest, slippery, heavy, grumpy, curious, shy, painted, bent, faithful, sleepy, brave, gloomy,
    hasty, tiny, thirsty, muddy, unfinished, blunt, tangled, wandering, upside-down, wise, homemade, silent,
    faded
    """
)
QUOTE_NOUNS = commas(
    """
    ladder, kettle, umbrella, bridge, candle, hammer, donkey, compass, drum, bucket, lantern, mirror, anchor,
    teapot, broom, violin, suitcase, candlestick, needle, rooster, saddle, chimney, whistle, barrel, button,
    cabbage, carpet, clock, cradle, doorbell, feather, fiddle, gate, goat, hinge, kite, lemon, mule, nail,
    onion, oven, pebble, pencil, pillow, plough, pocket, potato, pump, raft, saucepan, scarecrow, shovel,
    signpost, snail, spoon, stool, telescope, thimble, trumpet, tugboat, wheelbarrow, windmill, wagon, zebra
    """
)
QUOTE_ENDINGS = lines(
    """
    keeps its promises
    never lies
    forgives a late guest
    outlives three kings
    remembers each storm
    teaches better than a sermon
    asks for nothing
    laughs last
    needs no applause
    opens more doors than a key
    finds its own way home
    knows when to rest
    beats a golden excuse
    is worth a thousand apologies
    tells you where it hurts
    casts a long shadow
    will not be hurried
    deserves a second chance
    makes a fine teacher
    has a secret to share
    earns its supper
    fears no winter
    weighs less than a grudge
    hates to be ignored
    can carry a kingdom
    sings when it is ready
    bows to nobody
    outsmarts a genius
    cannot be bribed
    is somebody's treasure
    saves the day
    breaks at the wrong moment
    travels further than gossip
    dreams of the ocean
    makes poor company
    wants to be useful
    turns up when needed
    outruns bad luck
    hides a small miracle
    gives good advice
    has its Sunday best
    settles every quarrel
    """
)

# "we met in ..."
LOCATIONS = commas(
    """
    Trondheim, Innsbruck, Halifax, Prague, Lisbon, Nairobi, Kyoto, Montevideo, Ghent, Tbilisi, Wellington,
    Porto, Krakow, Dakar, Bologna, Reykjavik, Valparaiso, Hanoi, Leipzig, Marrakesh, Tallinn, Busan, Cusco,
    Galway, Utrecht, Beirut, Ljubljana, Quito, Aarhus, Penang, Salamanca, Vilnius, Windhoek, Oaxaca, Bergen,
    Toulouse, Sapporo, Adelaide, Graz, Kigali, Thessaloniki, Manila, Bristol, Cartagena, Turku, Yerevan,
    Ottawa, Palermo, Colombo, Gdansk, Accra, Antwerp, Almaty, Sarajevo, Dunedin, Plovdiv, Recife, Dundee,
    Isfahan, Tampere, Mendoza, Basel, Lusaka, Kaohsiung, Brno, Granada, Jakarta, Malmo, Savannah, Aleppo,
    Cork, Zagreb, Luang Prabang, Rosario, Groningen, Kampala, Timisoara, Nagasaki, Perth, Lviv, Bordeaux,
    Tucson, Cardiff, Mombasa, Daegu, Riga, Sucre, Bilbao, Ulaanbaatar, Heidelberg, Cebu, Lausanne, Asuncion,
    Varanasi, Odense, Baku, Fremantle, Bergamo, Tunis, Winnipeg, Szeged, Medellin, Aberdeen, Kathmandu,
    Nantes, Gaborone, Rotterdam, Samarkand, Linz, Hobart, Bratislava, Medina, Swansea, Cordoba, Pune,
    Stavanger, Maputo, Taipei, Split, Kochi, Freiburg, Lima, Uppsala, Ankara, Braga, Vientiane, Seville, Addis
    Ababa, Potsdam, Christchurch, Nicosia, Belfast, Santo Domingo, Hiroshima, Zanzibar, Bern
    """
)

# "met ...": a place, then what went on there.
ENVIRONMENTS = lines(
    """
    in a ripening cellar
    on the upper deck of a paddle steamer
    in a tiny print shop
    beside a frozen pond
    in a greenhouse full of lemon trees
    on a railway platform
    under a striped awning
    in a candlelit crypt
    at a night market
    in a launderette
    on a rope bridge
    in a recording booth
    at the edge of a quarry
    in a vaulted reading room
    on a windy pier
    in a workshop smelling of varnish
    at a roadside diner
    in an aquarium tunnel
    on a rooftop garden
    in a crowded bakery
    beside a campfire
    in a dentist's waiting room
    on a chairlift
    in a barn with a leaking roof
    at a fish auction
    in a hospital canteen
    on the steps of a town hall
    in a hot-air balloon
    at a bus depot
    in a mirrored ballet studio
    on a gravel beach
    in a radio studio
    at a petrol station
    in an orchard
    on a building site
    in a boxing gym
    at a flea market
    in a chapel
    on a barge
    in a planetarium
    beside a weir
    in a car park
    at a puppet theatre
    in a stairwell
    on a ski slope
    in a tailor's fitting room
    at the top of a lighthouse
    in a seed library
    on a tennis court
    in a pottery
    at a border crossing
    in a steam-filled kitchen
    on a fishing trawler
    in an empty cinema
    at a horse fair
    in an underground carriage
    on a lawn
    in a hotel lobby
    at a drive-in cinema
    in a courtroom corridor
    on a vineyard terrace
    in a pinball arcade
    at a riverside sawmill
    in a yurt
    on a football terrace
    in a foundry
    at a weather station
    in a locksmith's shop
    on a cobbled square
    in a sculpture park
    at a stargazing camp
    in a chess cafe
    on an airfield
    in a dye works
    at a beach volleyball court
    in a church tower
    on a monorail
    in a school gymnasium
    at a lock on the canal
    in a tea pavilion
    """
)
ENVIRONMENT_TAILS = lines(
    """
    at first light
    just after closing time
    while snow was falling
    during a rehearsal
    with a brass band playing
    as the lamps were lit
    at high noon
    during a fire alarm
    in the smell of fresh coffee
    between two showers
    while a choir warmed up
    on the longest day of the year
    under paper lanterns
    during a lunar eclipse
    with a dog asleep nearby
    in the final week of August
    while the generator hummed
    in a warm breeze
    under a red sky
    during a strike
    in dazzling sunshine
    while a wedding passed
    with a jazz record on
    in swirling mist
    after a hailstorm
    as distant church bells rang
    during a heated debate
    on a public holiday
    in the glow of fairy lights
    while somebody swept up
    in the quiet before an exam
    during the tulip festival
    with thunder rolling far off
    on a bitterly cold morning
    in the first hour of the year
    amid loud applause
    on Midsummer Eve
    with sirens howling far away
    late one Friday
    with ravens overhead
    """
)

# "seemed ...": two adjectives; those of one kind are joined by "and", others by "but".
GLAD_EMOTIONS = commas(
    """
    calm, proud, playful, hopeful, cheerful, relieved, amused, content, eager, grateful, confident, excited,
    serene, delighted, tender, enthusiastic, determined, carefree, curious, optimistic, radiant, affectionate,
    mischievous, composed, inspired, jubilant, peaceful, satisfied, triumphant, good-humoured, elated,
    generous, fascinated, light-hearted, welcoming, bold, energetic, mellow, charmed, dreamy
    """
)
LOW_EMOTIONS = commas(
    """
    tired, uneasy, restless, wistful, irritated, anxious, homesick, sceptical, embarrassed, impatient,
    bewildered, melancholy, nervous, disappointed, jealous, distracted, wary, overwhelmed, lonely, sulky,
    exhausted, puzzled, tense, regretful, timid, gloomy, annoyed, shaken, doubtful, preoccupied, bored,
    indignant, sheepish, guarded, weary, flustered, resentful, torn, heartbroken, jittery
    """
)

# "likes to eat ...": a dish, then what comes with it.
DISHES = commas(
    """
    pumpkin ravioli, smoked mackerel, mushroom dumplings, beetroot soup, lamb tagine, fried plantain, rice
    pudding, grilled halloumi, onion tart, lentil dal, pork schnitzel, sushi, black bean tacos, potato
    gnocchi, roast duck, spinach pie, chicken satay, barley risotto, aubergine curry, herring salad, cinnamon
    buns, falafel, leek quiche, beef goulash, kimchi pancakes, crab cakes, chickpea stew, blueberry waffles,
    prawn noodles, stuffed peppers, venison sausages, corn chowder, cauliflower cheese, tofu skewers,
    artichoke hearts, moussaka, trout fillets, buckwheat crepes, okra gumbo, egg fried rice, courgette
    fritters, liver and onions, plum cake, octopus stew, pea soup, jollof rice, meatballs, oat porridge, goat
    curry, asparagus omelettes, cabbage rolls, paella, sweet potato wedges, mussels, baked figs, tomato
    bruschetta, pierogi, ramen, shepherd's pie, apple strudel, ceviche, clam spaghetti, tamales, rhubarb
    crumble, pad thai, borek, haggis, pretzels, empanadas, bibimbap
    """
)
DISH_TAILS = lines(
    """
    with sage butter
    with pickled cucumbers
    with mint yoghurt
    with toasted almonds
    with horseradish cream
    with wild garlic
    with lime and coriander
    with cranberry sauce
    with a squeeze of lemon
    with sesame seeds
    with maple syrup
    with mustard
    with plenty of chilli
    with caramelised shallots
    with a glass of buttermilk
    with crusty bread
    with capers
    with crushed peanuts
    with hot honey
    with saffron
    with apricot chutney
    with a pinch of nutmeg
    with crispy kale
    with tahini
    with brown vinegar
    with parsley sauce
    with walnut pesto
    with smoked paprika
    with green olives
    with coconut flakes
    """
)

# "once travelled ...": a route, a means that fits it, and a circumstance.
RIVER_ROUTES = lines(
    """
    along the Mekong
    down the Danube
    up the Amazon
    along the Volga
    down the Zambezi
    up the Rhine
    along the Irrawaddy
    down the Yukon
    up the Nile
    along the Loire
    down the Mississippi
    along the Orinoco
    down the Ganges
    along the Niger
    up the Yangtze
    """
)
RIVER_MEANS = lines(
    """
    by cargo boat
    by canoe
    on a log raft
    by paddle steamer
    in a folding kayak
    aboard a timber barge
    by rowing boat
    on a mail boat
    """
)
LAND_ROUTES = lines(
    """
    across Patagonia
    through Anatolia
    over the Pamirs
    around Iceland
    across the Gobi
    through the Carpathians
    over the Pyrenees
    along the Silk Road
    across Namibia
    through Rajasthan
    around Sicily
    through the Caucasus
    across Nova Scotia
    over the Andes
    through Bavaria
    across Ethiopia
    along the Appalachians
    through Lapland
    around Taiwan
    across the Nullarbor
    """
)
LAND_MEANS = lines(
    """
    by bicycle
    on horseback
    by overnight bus
    in a borrowed van
    on foot
    by motor scooter
    in a lorry full of melons
    with a donkey
    by unicycle
    in a fire engine
    on a tandem
    in a vintage taxi
    """
)
SEA_ROUTES = lines(
    """
    around the Hebrides
    across the Baltic
    along the Dalmatian coast
    through the Bosphorus
    around Cape Horn
    across the Tasman Sea
    along the Norwegian fjords
    between the Cyclades
    across the Caspian
    around Madagascar
    through the Malacca Strait
    along the Labrador shore
    """
)
SEA_MEANS = lines(
    """
    by catamaran
    on a tall ship
    aboard a trawler
    in a leaky dinghy
    on a container vessel
    by hydrofoil
    aboard an icebreaker
    in a converted lifeboat
    """
)
TRAVEL_TAILS = lines(
    """
    in midwinter
    for a bet
    with two strangers
    on a shoestring
    in only nine days
    with a broken compass
    in monsoon season
    without a telephone
    on a honeymoon
    to return a library book
    with a string quartet
    in the heat of July
    for a magazine article
    with a sick cat
    on doctor's orders
    in search of a cousin
    with a stowaway
    during a sabbatical
    """
)

# "recently ...": a past-tense phrase, then its circumstance.
LIFE_EVENTS = lines(
    """
    adopted a one-eyed cat
    moved into a houseboat
    won a village raffle
    became a grandparent
    sold the family farm
    learned to drive
    quit smoking
    ran for mayor
    broke an ankle
    got engaged
    opened a second-hand bookshop
    published a novel
    inherited a windmill
    passed a pilot's exam
    changed surnames
    appeared on a quiz show
    gave up coffee
    bought a telescope
    lost a court case
    recovered from malaria
    climbed a first summit
    shaved off both eyebrows
    retired from politics
    patented a tin opener
    joined a circus
    fostered two brothers
    divorced amicably
    went blond
    turned vegetarian
    donated a kidney
    finished a doctorate
    planted an orchard
    flew a glider solo
    renovated a chapel
    swam the Channel
    met a half-sister
    received a medal
    survived an avalanche
    bought a vineyard
    founded a choir
    started night school
    crashed a tractor
    learned sign language
    paid off a mortgage
    deleted every social account
    buried a beloved horse
    auditioned for a musical
    hosted an exchange student
    rebuilt a motorcycle
    discovered a new beetle
    testified in parliament
    eloped
    danced at the carnival
    witnessed a bank robbery
    gained citizenship
    took up the trombone
    wrote a will
    cycled to work for a year
    delivered twins
    sued a neighbour
    found a Viking brooch
    had laser eye surgery
    designed a stamp
    sang at a stadium
    began a podcast
    moved back home
    sold a childhood stamp album
    taught a robot chess
    """
)
LIFE_EVENT_TAILS = lines(
    """
    after years of waiting
    without telling a soul
    to universal surprise
    thanks to a cousin
    in the space of a fortnight
    in spite of a bad back
    two days after Christmas
    at the age of thirty-nine
    with mixed feelings
    just before the spring
    while on parental leave
    a week before a birthday
    after one long phone call
    at a most awkward moment
    with hardly any savings
    to the dismay of two colleagues
    and told only a sister
    and cried with joy
    in the year of the great drought
    and blushed about it
    and framed the certificate
    with a little help from friends
    """
)

# How the memory reads: "in the manner of ..."
SOURCE_STYLES = lines(
    """
    a postcard to an old friend
    a diary entry
    a podcast interview
    a travel blog
    a wedding speech
    a school report
    a village newsletter
    a voice message
    a family chronicle
    a police statement
    a bedtime story
    a museum label
    a job reference
    a radio portrait
    a thank-you letter
    a gossip column
    a scout's notebook
    an alumni magazine
    a sports commentary
    a letter home
    a lost-property notice
    an obituary draft
    a dating profile
    a theatre programme
    a doctor's note
    an after-dinner anecdote
    a conference biography
    a ship's log
    a guest book entry
    a chat thread
    a documentary script
    a photo album caption
    a reader's letter
    a film synopsis
    a witness account
    an exhibition catalogue
    a birthday toast
    a neighbourhood bulletin
    a coach's assessment
    a memoir chapter
    """
)

MBTI_TYPES = tuple(f"{a}{b}{c}{d}" for a in "EI" for b in "NS" for c in "FT" for d in "JP")
