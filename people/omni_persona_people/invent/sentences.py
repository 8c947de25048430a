"""What invented people say: frames that carry a topic or a quote, and everyday talk that carries nothing.

Reference clips speak a fact of the person, so that a question can point at somebody by what they said. Query
clips must be known by the voice alone: their sentences are about buses and parcels, never about anybody.
"""

from __future__ import annotations

from omni_persona_people.invent.words import lines

# A reference clip speaks the topic verbatim in place of {}.
TOPIC_FRAMES = lines(
    """
    Let me tell you about {}.
    People keep asking me about {}.
    I could go on all day about {}.
    You will laugh, but I have to mention {}.
    My best story is the one about {}.
    Nobody believes me when I talk about {}.
    I was just thinking about {}.
    This one is about {}.
    Now then, about {}.
    If you have a minute, I will tell you about {}.
    I still get goosebumps when I speak about {}.
    What stays with me most is {}.
    Did I ever tell you about {}?
    I promised to explain the business about {}.
    It sounds invented, I know, but this is about {}.
    All week long I have been talking about {}.
    """
)

# A reference clip speaks the quote verbatim in place of {}.
QUOTE_FRAMES = lines(
    """
    As I like to say: {}
    I tell everybody the same: {}
    If there is one line I stand by, it is this: {}
    When people ask me for advice, I answer: {}
    You know what I think about it. {}
    It may sound odd, but I believe it: {}
    I will say it again, and I mean it: {}
    This is how I see it, and I see it every day: {}
    I wrote it on the wall at home: {}
    My favourite saying goes like this: {}
    They groan whenever I say it: {}
    Please repeat after me: {}
    As I see it: {}
    I always say: {}
    Well, you know. {}
    """
)

# Everyday talk of a length of four to six seconds; whoever says it could be anybody.
EVERYDAY = lines(
    """
    The bus was a few minutes late again, so I walked to the next stop instead.
    Somebody left an umbrella in the hallway, and nobody knows whose it is.
    I put the parcel on the shelf next to the printer, right behind the scissors.
    The forecast says it will clear up later, but I would bring a jacket anyway.
    They moved the photocopier to the second floor, next to the coat rack.
    Could you hold the door for a moment, my hands are full of envelopes.
    The milk has run out again, so I will pick some up on the way back.
    I think I left my glasses on the table, or perhaps in the other bag.
    There was a long line at the post office, so I came straight back here.
    The tap in the bathroom has been dripping since Monday, and it gets louder.
    We changed the batteries twice, and the remote control still does nothing.
    My phone is charging in the next room, so just knock if you need me.
    The meeting has moved to half past three, in the small room upstairs.
    Please leave the keys with the receptionist when you go out tonight.
    I ordered the blue folders by mistake, and now we have eighty of them.
    The traffic on the ring road was dreadful, and every light was against us.
    They are replacing the carpet on Tuesday, so we must clear the floor first.
    I could not find the receipt, but the shop exchanged the toaster anyway.
    The neighbours are away this month, so I am collecting their newspapers.
    Somebody has parked across the entrance again, and the van cannot get in.
    There is plenty of soup in the fridge, if anyone wants a late lunch.
    I turned the heating down a little, because it was far too hot in there.
    We should replace that bulb in the corridor before somebody trips.
    The new chairs arrived this morning, but two of the legs are missing.
    I have added your number to the list, so they will ring you first.
    The washing will never dry in this weather, so I hung it indoors.
    It took me an hour to find the right form, and then the pen ran dry.
    Let us sit near the back, where the draught is not quite so bad.
    The shop on the corner shuts at six, so we had better hurry up.
    I wrote the password on a yellow sticker, and now it has vanished.
    They sent the invoice to the wrong address, so it came back unopened.
    You can borrow my charger, as long as it is back on the desk by five.
    The kettle takes ages to boil, so put it on before you sit down.
    I forgot to cancel the newspaper, and there is a pile on the doormat.
    If the screen freezes, unplug it, count to ten, and try once more.
    We agreed to split the cost of the petrol evenly between the four of us.
    The curtains are too short for that window, but they will do for now.
    There was no milk in the coffee and no sugar on the tray, as usual.
    The dustbin lorry comes early, so please take the rubbish out tonight.
    I tried the other number, and it went straight to the answering machine.
    He said he would call around noon, but the telephone has not rung.
    Your scarf is hanging on the radiator, where it should be dry by now.
    The label says to wash it cold, so I did, and it shrank all the same.
    They have closed the left lane near the roundabout for the whole month.
    I printed two copies, one for the file and one for the notice board.
    The vegetables go in the lower drawer, and the butter on the top shelf.
    We were told to wait in the lobby, and nobody came for twenty minutes.
    It is the third button from the left, just above the little green light.
    The blinds get stuck halfway, so pull the cord slowly with both hands.
    I am sure the tickets were in this drawer when I last looked.
    The dentist has a free slot on Wednesday, but only very early in the day.
    We ran out of napkins, so I bought paper towels at the kiosk instead.
    My sleeve got caught on the handle, and now a button has come off.
    The lift is out of order, and the stairs have just been mopped.
    Somebody ought to water the plants while everyone is on holiday.
    I will be there by nine, unless the underground is delayed once more.
    The sandwiches with the toothpicks are the ones without any mayonnaise.
    She said the blue recycling bags are collected every second Wednesday.
    You need a coin for the trolley, but the girl at the till will change a note.
    There is a draught under this door, so I rolled up a towel and put it there.
    The alarm went off by itself at four, and then again at half past.
    I taped the box shut twice, because the bottom looked rather weak.
    The picture hangs a little lower on the left, or is that just me?
    They changed the timetable, so the tram now leaves at eleven minutes past.
    The shampoo is under the sink, behind the spare rolls of toilet paper.
    Our internet was down all evening, so we dug out the old board games.
    I think we took the wrong exit, but the next one is not very far.
    The pharmacy had only the large pack left, so that is what I took.
    Nobody has used this mug since Monday, so I washed it and put it away.
    That chair wobbles a bit, so slide some cardboard under the short leg.
    I vacuumed upstairs, wiped the worktops, and then sat down for a minute.
    They measured the doorway twice, and the sofa still would not fit.
    The cashier gave me too much change, so I went back and returned it.
    It rained so hard that the gutter overflowed and soaked the doormat.
    Your appointment is on the fourteenth, at a quarter to two, on level three.
    I would take the second street on the right and then look for the bank.
    The zip on this jacket sticks, so pull gently and do not force it.
    We could not agree on a colour, so the hallway is staying beige.
    The freezer door was left open, and now everything has to be thrown out.
    My train leaves from the other platform today.
    Somebody took my pen, and I need to sign this.
    The door sticks, so lift it a little and push.
    I rang twice, and both times the line was busy.
    We had better leave now, or we will miss the bus.
    The mirror in the hallway is hanging too low.
    Could you turn the volume down a little, please?
    I left the shopping list on the kitchen worktop.
    The lights in the corridor went out once more.
    They put the wrong date on all of the invitations.
    My laces came undone on the stairs this morning.
    The soap dispenser is empty, and so is the spare.
    I could not read the sign without my glasses.
    Please wipe your feet, the floor is still wet.
    The package is too large for the letter box.
    I set two alarms, slept through both, and still caught the nine o'clock bus.
    """
)

# Said after a sentence that turned out too short.
AFTERTHOUGHTS = lines(
    """
    Well, there you have it, more or less.
    Anyway, that is all there is to it.
    And that is really all I wanted to say.
    So there you are, that is how it was.
    I thought you would want to know.
    But enough of that for now.
    """
)
