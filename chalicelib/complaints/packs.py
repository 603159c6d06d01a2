"""The words of complaints: one pack for each language, and all that is known of it is there."""

from collections.abc import Mapping
from typing import NamedTuple


class Pack(NamedTuple):
    """Words of one language, with ` | ` between. A * ends a word that may go on, an … stands for some words.

    A new language is a row: copy one, and write its texts into tests/texts/complaints.toml.
    """

    wrong: str  # what went wrong
    denies: str  # signs that something did, where nothing is asked
    against: str
    asks: str  # how a question begins, for many come without a mark
    calm: str  # … but it is asked about in advance, or did not
    upset: str  # what is said of the shop, or how somebody feels
    insists: str  # how somebody asks back what is due
    # what is wanted, in the order in which it counts; the last two are complaints by themselves
    refund: str
    replacement: str
    apology: str
    answer: str


ENGLISH = Pack(
    wrong="broken | broke | damaged | defect* | faulty | cracked | smashed | shattered | torn | ripped | leaks"
    " | leaking | stained | scratched | does not work | doesn't work | not working | stopped working | wrong size"
    " | wrong item | wrong colour | wrong color | wrong one | wrong product | wrong order | not what i ordered"
    " | missing | never arrived | never came | still no | still not | still waiting | has not arrived"
    " | hasn't arrived | charged twice | overcharged | fell apart | falling apart | too late | late again | expired"
    " | mouldy | fake | incomplete | in pieces | in bits | bits of glass | ruined | dead | died | gave up | soaked"
    " | dented | bent | burnt | burned out | mould | stinks | a hole | holes in | peeling | faded | shrunk | shrank"
    " | empty box | box was empty | box is empty | won't turn on | won't start | won't charge | won't open"
    " | doesn't fit the description | no longer works | instead of | not as described | nothing like the"
    " | wrong address | weeks late | days late | weeks ago and | overdue | should have arrived"
    " | should have been here | supposed to arrive | supposed to be | how much longer | haven't received"
    " | have not received | haven't got | never received | took the money twice | billed twice | paid twice"
    " | not delivered | came without | one short | half of it | went off | out of date | unusable | useless | chip"
    " | chips | chipped | burning smell | smells | loose | came apart | lost its shape | shapeless | two left"
    " | different colour | wrong model | a different | another customer's | someone else's | too small | mix up"
    " | mixed up | a mistake | an error | error with | charged me | charged again | charged for | hasn't come"
    " | hasn't come through | not been refunded | no refund | refund … not | refund … yet | hole | damage | damages"
    " | faults | a fault | problem with | problems with | issue with | issues with | stuck | no handle | no lid"
    " | no instructions | what is going on | what's going on | what is happening | crackles | rattles | buzzes"
    " | flickers | hums | noise | noisy | wobbles | wobbly | sticky | dirty | second hand | already opened | rotten"
    " | sour | rusty | rust | hasn't moved | has not moved | went flat | won't stay | doesn't hold | doesn't stay"
    " | overheats | scratch | scratches | the seams | undone | hanging off | fallen off | fell off | snapped | split"
    " | the first time | first use",
    denies="not | n't | don't | didn't | doesn't | isn't | wasn't | hasn't | haven't | won't | can't | cannot"
    " | couldn't | never | nothing | nobody | none | without | no longer",
    against="but | although | even though | instead | however | only | again | promised | supposed | you sent"
    " | you've sent | paid for | was told | you said | was due | in the end",
    asks="where | when | what | which | who | whose | why | how | do | does | did | is | are | was | were | can"
    " | could | will | would | may | should | shall | any | have | has",
    calm="if | policy | how long | how do i | nothing … broken | not broken | nothing damaged | not damaged"
    " | no complaint* | nothing wrong | what happens | nothing missing | my old one | after … years | in case"
    " | would it | can you repair | wondering | i put | i typed | i entered | i chose | my mistake | my fault | typo"
    " | a copy | isn't urgent | not urgent | no hurry | no rush | don't worry | is there a | do you | can i | could i"
    " | thank you | thanks | not my style | not my taste | changed my mind | don't like it | doesn't suit me"
    " | doesn't fit | do not fit | no longer need | don't need | not for me",
    upset="disappoint* | unacceptable | terrible | awful | horrible | worst | rude | ridiculous | outrageous"
    " | disgust* | never again | unhappy | angry | furious | fed up | scam | fraud | lost a customer | complain"
    " | a complaint | waste of money | shame* | poor service | poor quality | bad service | lawyer | not happy"
    " | not satisfied | dissatisfied | frustrat* | appalling | incompetent | lied | shouted at | sick of | let down"
    " | useless | what a mess | what a joke | what a disaster | disaster | nightmare | not buying | won't buy"
    " | never buy | last time i | won't be ordering | not ordering | ripped off | rip off | cheated | regret"
    " | unbelievable | ashamed | expected better | expected more | upset | annoyed | annoying | rubbish | garbage"
    " | crap | trash | one star | thanks for nothing | hung up | snapped at | insulted | laughed at | had enough"
    " | not good enough | not acceptable | pathetic | shocking | shocked | let me down | false advertising"
    " | misleading | liars | thieves | not impressed | unprofessional | had hoped | hoped for | hoping for"
    " | every time | always the same | again and again | liar* | out of line | promised | sick and tired"
    " | had it with | unreliable | impolite | unfriendly | treated | joke of | patience | poorly | badly | cheap"
    " | flimsy | sloppy | careless | not worth | hate | worse | what was the point | what is the point"
    " | what's the point | used to be better | gone downhill | waste | not what it used | wasted | a pain | fuming"
    " | livid | seriously | how can you | how dare | no excuse | zero | so bad | this bad | too bad | for that price"
    " | for the price | crashing | kept",
    insists="want my money | refund me | want a refund | demand a | i demand | want to be reimbursed | insist on"
    " | i expect my | owe me | i want one of | i want it back | give me my | give me back | reversed | want the money"
    " | chargeback | get my money | my money | send it back and",
    refund="refund* | money back | reimburse* | my money | reversed | pay me back | paid back | give me back"
    " | chargeback | cancel … and return | take back | take it back | rather have my money | my card please"
    " | the money | send it back | charged me | the payment | payment back",
    replacement="replac* | new one | another one | exchange | right one | correct one | right size | correct size"
    " | swap | send a new | send another | a spare | send me the | missing part* | two others | fix that | fix this"
    " | put it right | sort it out | sort this out | make it right | the missing | instead of | version instead"
    " | no handle | missing | right part | only one",
    apology="apolog* | say sorry | an apology | owes me | a sorry | apologies",
    answer="nobody answers | no one answers | nobody replies | no one replies | no one reply | nobody reply"
    " | no answer to my | no reply to my | no response to my | not answered my | ignored | ignoring | third time"
    " | written three times | written several times | why does no one | why does nobody | answer me | trying to reach"
    " | tried to reach | tried to call | can't reach | cannot reach | anybody there | anyone there | nobody picks up"
    " | no one picks up | no one calls | nobody calls | called you | calling you | any news at all | keep writing"
    " | heard nothing | haven't heard | left on read | waiting for an answer | waiting for a reply"
    " | still waiting for | get an answer | any answer | please answer | please reply | please respond | days ago and"
    " | respond | response | rings out | voicemail | no one there | gets back to | got back to | get back to me"
    " | not a word | no word | in the dark | silence",
)
GERMAN = Pack(
    wrong="kaputt* | defekt* | beschädigt* | zerbrochen* | gebrochen | zerrissen | gerissen | einen sprung | fleckig*"
    " | kratzer | undicht | funktioniert … nicht | funktionieren … nicht | geht nicht mehr | falsche größe"
    " | falschen artikel | falsche ware | falsches produkt | falsche farbe | falsch geliefert | nicht bestellt"
    " | fehlt | fehlen | nie angekommen | immer noch nicht | immer noch kein* | noch immer nicht | noch immer kein*"
    " | seit … wochen | doppelt abgebucht | zweimal abgebucht | zu spät | abgelaufen | verschimmelt | unvollständig"
    " | auseinandergefallen | scherben | in stücken | in teilen | hin | hinüber | ruiniert | tot | durchnässt"
    " | verbeult | verbogen | durchgebrannt | schimmel | stinkt | loch | löcher | löst sich | verblasst | eingelaufen"
    " | karton war leer | paket war leer | lässt sich nicht | geht nicht | springt nicht an | lädt nicht"
    " | entspricht nicht | anstatt | statt | nicht wie beschrieben | falsche adresse | sollte … da sein"
    " | sollte … ankommen | hätte … da sein | wie lange … noch | noch nichts erhalten | nichts bekommen"
    " | nicht erhalten | nicht angekommen | nicht geliefert | hatte … bestellt | doppelt bezahlt | zweimal gezahlt"
    " | zweimal berechnet | nur die hälfte | unbrauchbar | tut sich nichts | geht schon wieder | ausgegangen"
    " | verspätung | überfällig | gehört sich nicht | macke | macken | angeschlagen | verbrannt | wackelt | locker"
    " | ausgeleiert | verzogen | zwei linke | verwechselt | vertauscht | ein anderes | eine andere farbe | zu klein"
    " | zu groß | fehler | berechnet | abgezogen | nicht gutgeschrieben | kein geld | mangel | mängel | mangelhaft"
    " | schaden | problem mit | probleme mit | stimmt nicht | stimmt … nicht | steckt fest | riecht | delle | dellen"
    " | riss | risse | splitter | ohne deckel | ohne anleitung | was ist da los | was ist los | was ist hier los"
    " | knistert | rauscht | klappert | brummt | flackert | wackelig | klebrig | schmutzig | dreckig | schon geöffnet"
    " | verdorben | ranzig | rostig | rost | steht … still | überhitzt | die nähte | naht | abgefallen | abgebrochen"
    " | aufgegangen | falscher | falsches | falschen | abgestürzt | abgerissen | beim ersten"
    " | trotzdem wurde abgebucht",
    denies="nicht | nie | nichts | niemand | keiner | kein | keine | keinen | keinerlei | ohne | nirgends",
    against="aber | obwohl | trotzdem | statt | stattdessen | sondern | nur | schon wieder | versprochen | angeblich"
    " | sie haben mir | ihr habt | bezahlt | hieß es | zugesagt | angekündigt | sollte | noch immer | immer noch",
    asks="wo | wann | was | welche | welcher | welches | welchen | wer | warum | wie | ist | sind | kann | können"
    " | könnt | könnte | könnten | habt | haben | gibt | hat | wird | werden | darf | dürfen | liefert | liefern"
    " | bis | lässt | läuft | passt | geht | woher | wohin",
    calm="wenn | falls | wie lange | wie reinige | nichts … kaputt | nicht kaputt | nicht beschädigt"
    " | keine beschwerde* | nichts fehlt | nicht defekt | rückgabebedingungen | meine alte | mein alter | mein altes"
    " | nach … jahren | für den fall | reparieren | habe … angegeben | habe … eingegeben | mein fehler | vertippt"
    " | kopie | eilt nicht | keine eile | kein stress | gibt es | kann ich | könnte ich | können sie mir sagen"
    " | habt ihr | haben sie | danke | vielen dank | nicht mein stil | nicht mein geschmack | gefällt mir nicht"
    " | passt mir nicht | passt nicht | anders überlegt | brauche … nicht mehr",
    upset="enttäuscht | enttäuschend* | unverschämt* | unmöglich | unzufrieden | inakzeptabel | schlechteste*"
    " | katastroph* | frechheit | nie wieder | verärgert | ärgerlich | wütend | sauer | betrug | abzocke | beschwerde"
    " | beschweren | kundin verloren | kunden verloren | anwalt | zumutung | lächerlich | miserabel* | mies*"
    " | schlechter service | schlechte qualität | lasse ich nicht | unfreundlich* | dreist* | skandal*"
    " | nicht zufrieden | reicht es mir | also ehrlich | ehrlich gesagt | chaos | so ein mist | mist | schrott | müll"
    " | desaster | albtraum | alptraum | nie mehr | nicht mehr bei | das letzte mal | zum letzten mal"
    " | kaufe ich nicht | bestelle ich nicht | abgezockt | betrogen | bereue | unglaublich | schäm* | mehr erwartet"
    " | besseres erwartet | genervt | nervt | ein stern | danke für nichts | aufgelegt | angeschrien | beleidigt"
    " | ausgelacht | es reicht | jetzt reicht | geht gar nicht | geht so nicht | nicht akzeptabel | nicht hinnehmbar"
    " | schwach | armselig | schockiert | im stich | irreführend | lügner | gelogen | unprofessionell | saftladen"
    " | veräppel* | verarsch* | hingehalten | ärgere | ärger | hätte … erwartet | erwartet | jedes mal"
    " | immer dasselbe | immer wieder | lügner* | schublade | versprochen | unzuverlässig | unhöflich | behandelt"
    " | geduld | billig | schlampig | nicht wert | hasse | schlimmer | schlimm | traurig | respektlos | frech*"
    " | unseriös | enttäuschung | so nicht | witz | früher war | nicht mehr wie früher | verschwendung"
    " | zeitverschwendung | ernsthaft | im ernst | was soll das | wie kann man | wie kann das sein"
    " | keine entschuldigung | null | so schlecht | nervig* | für den preis | ständig",
    insists="will … geld zurück | verlange | fordere | mein geld zurück | erstatten sie | mein geld wieder"
    " | überweisen sie | zurücküberweis* | will ich zurück | möchte ich zurück | schulden mir | gern mein geld"
    " | gerne mein geld | mein geld",
    refund="geld zurück | erstatt* | rückerstatt* | mein geld | geld wieder | zurücküberweis* | zurückzahl*"
    " | zurückbuch* | gutschrift | zurücknehmen | nehmen sie … zurück | geld bitte | lieber mein geld"
    " | zurückschicken … geld | das geld | zahlen … zurück | zahlt … zurück | abgebucht",
    replacement="ersatz* | ersetzen | ersetzt | eine neue | einen neuen | ein neues | einen anderen | eine andere"
    " | ein anderes | umtausch* | austausch* | richtige | richtigen | das richtige | schickt … neue*"
    " | schicken … neue* | nochmal schicken | nachliefer* | nachsend* | zwei andere | richten | in ordnung bringen"
    " | fehlen | fehlt | nachschicken | statt | schicken sie mir die | nur ein* | nur eine",
    apology="erwarte … entschuldigung | verlange … entschuldigung | entschuldigen sie sich | entschuldigt euch"
    " | entschuldigung erwarte* | eine entschuldigung | entschuldigt sich | um verzeihung | er sich entschuldigt"
    " | sie sich entschuldigt | sich … entschuldigt",
    answer="niemand antwortet | keiner antwortet | niemand meldet | meldet sich keiner | meldet sich niemand"
    " | keine antwort | antwortet niemand | antwortet keiner | keine rückmeldung | zum dritten mal"
    " | dreimal geschrieben | mehrmals geschrieben | mehrfach geschrieben | ignorier* | antworten sie endlich"
    " | zu erreichen | nicht erreichbar | ist da jemand | keiner geht ran | niemand geht ran | geht niemand"
    " | geht keiner | ruft niemand | niemand ruft | höre nichts | nichts gehört | warte auf … antwort"
    " | warte … auf eine | keine reaktion | seit … tagen | seit montag | seit dienstag | seit einer woche"
    " | mehrfach angerufen | meldet euch | melden sie sich | jemals eine antwort | um antwort | um rückmeldung"
    " | endlich | ans telefon | anrufbeantworter | mailbox | keiner da | meldet sich nicht | kein wort | stille"
    " | funkstille",
)
FRENCH = Pack(
    wrong="cassé* | brisé* | abîmé* | endommagé* | défectueu* | déchiré* | fêlé* | fissuré* | rayé* | taché*"
    " | ne marche pas | ne marche plus | ne fonctionne pas | ne fonctionne plus | mauvaise taille | mauvais article"
    " | mauvaise couleur | mauvais produit | pas ce que j'ai commandé | il manque | manquant* | jamais arrivé*"
    " | jamais reçu* | toujours pas | débité* deux fois | en retard | périmé* | moisi* | incomplet* | en panne"
    " | en morceaux | en miettes | fichu* | foutu* | mort | ruiné* | trempé* | cabossé* | tordu* | grillé*"
    " | moisissure | pue | trou | trous | se décolle | décoloré* | rétréci* | carton vide | colis vide | ne s'allume"
    " | ne démarre | ne charge | ne s'ouvre | non conforme | ne correspond pas | au lieu | mauvaise adresse"
    " | devait arriver | aurait dû | combien de temps … encore | rien reçu | pas reçu | pas arrivé | pas livré"
    " | avais commandé | prélevé deux fois | payé deux fois | facturé deux fois | la moitié | inutilisable"
    " | ne tient pas | a lâché | fuit | tâche | ébréché* | brûlé | sent le | bancal* | déformé* | deux … gauches"
    " | erreur | échange de | trop petit* | trop grand* | autre couleur | facturé | pas crédité* | pas remboursé*"
    " | défaut | défauts | dégât* | problème avec | problèmes avec | bloqué* | bosse* | éclat* | usé*"
    " | sans couvercle | sans notice | que se passe t il | devais recevoir | devait être | grésille | cliquette"
    " | bourdonne | clignote | bruit | bancale | collant* | déjà ouvert* | déjà utilisé* | d'occasion | pourri*"
    " | rance | rouillé* | rouille | n'a pas bougé | ne bouge plus | surchauffe | rayure* | coutures | décousu*"
    " | tombé* | cassure | a cédé | la première fois | dès la première | plantait",
    denies="ne | n | pas | jamais | rien | personne | aucun | aucune | sans",
    against="mais | pourtant | alors que | bien que | seulement | au lieu | promis | soi disant | nouveau"
    " | vous m'avez | vous avez | payé | j'avais pris | annoncé | devait | toujours",
    asks="où | quand | que | quoi | quel | quelle | quels | quelles | qui | pourquoi | comment | combien | est | sont"
    " | peut | puis | pouvez | pourriez | avez | y | faites | livrez | peux",
    calm="si | combien de temps | conditions | comment | rien … cassé* | pas cassé* | rien à redire | aucune plainte"
    " | aucun problème | la mienne | le mien | mon ancien* | après … ans | au cas où | réparer | me suis trompé*"
    " | ai mis | mon erreur | faute de frappe | copie | pas urgent | rien ne presse | pas pressé* | y a t il"
    " | avez vous | puis je | pourriez vous me dire | merci beaucoup | merci infiniment | que se passe … si"
    " | pas mon style | pas mon goût | me plaît pas | changé d'avis | plus besoin | me va pas | ne vont pas",
    upset="déçu* | décevant* | inadmissible* | inacceptable* | scandaleu* | honteu* | honte | pire | lamentable*"
    " | nul | nulle | plus jamais | mécontent* | en colère | furieu* | arnaque | grossier* | impoli*"
    " | perdu un client | perdu une cliente | porter plainte | me plaindre | avocat* | catastroph* | ras le bol"
    " | désagréable* | insatisfait* | mauvais service | ridicule | crier dessus | franchement | quel désastre"
    " | désastre | quelle honte | n'importe quoi | cauchemar | m'y reprendra | ne commanderai plus | n'achèterai plus"
    " | dernière fois | jamais plus | floué* | volé* | regrette | incroyable | attendais mieux | énervé* | agacé*"
    " | pourri* | camelote | une étoile | merci pour rien | raccroché | insulté* | moqué* | ça suffit | marre"
    " | pas acceptable | pas normal | minable* | choqué* | trompeu* | menteurs | mensonge* | voleurs"
    " | pas professionnel | foutage | mécontentement | déception | attendais autre | attendais | à chaque fois"
    " | toujours pareil | toujours la même | menteu* | indigne* | promis | pas fiable* | malpoli* | traité*"
    " | patience | bâclé* | ne vaut pas | déteste | triste | irrespect* | pas sérieux | négligé* | insolent*"
    " | à quoi bon | plus ce qu | c'était mieux | gâchis | perte de temps | sérieusement | comment osez"
    " | aucune excuse | zéro | agaçant* | à ce prix | pour ce prix | sans arrêt",
    insists="remboursez | être remboursé* | rendez moi | exige | demande un remboursement | rendre un des"
    " | mon argent | me devez | veux récupérer | me rendre",
    refund="rembours* | mon argent | me rendre | être rembours* | récupérer … argent | un avoir | reprenez"
    " | l'argent sur | récupérer mon argent | préfère … argent | la rendre | le rendre | les rendre | l'argent"
    " | rendez moi | la somme | débité*",
    replacement="remplac* | une nouvelle | un nouveau | une autre | un autre | échang* | la bonne | le bon"
    " | m'en faut | renvoyez m'en | m'en renvoyez | renvoyer un | en renvoyer | pièce manquante | deux autres"
    " | arranger ça | arranger cela | réparer cela | il manque | alors que j'avais pris | au lieu | me les envoyer"
    " | un seul | une seule",
    apology="des excuses | vos excuses | excusez vous | présenter des excuses | s'excuse | qu'il s'excuse"
    " | qu'elle s'excuse",
    answer="personne ne répond | personne ne me répond | aucune réponse | pas de réponse | sans réponse"
    " | ne répondez pas | écrit trois fois | écrit plusieurs fois | troisième fois | ignoré* | répondez moi"
    " | essaie de vous joindre | injoignable* | quelqu'un ? | il y a quelqu'un | personne ne décroche"
    " | personne ne rappelle | ne rappelez pas | aucune nouvelle | sans nouvelles | pas de nouvelles"
    " | attends une réponse | j'attends toujours | depuis … jours | depuis lundi | depuis une semaine"
    " | appelé plusieurs fois | me faire répondre | jour une réponse | aurai je … réponse | répondre"
    " | enfin une réponse | personne au téléphone | répondeur | personne au bout | pas un mot | aucun mot | silence",
)
SPANISH = Pack(
    wrong="roto | rota | rotos | rotas | dañad* | defectuos* | agrietad* | rajad* | rasgad* | manchad* | pedazos"
    " | quebrad* | estropead* | averiad* | no funciona* | dejó de funcionar | equivocad* | no es lo que pedí | falta"
    " | faltan | nunca llegó | sigue sin | no ha llegado | sin llegar | cobrado dos veces | cobraron dos veces"
    " | caducad* | incomplet* | añicos | trizas | arruinad* | murieron | murió | muert* | empapad* | abollad*"
    " | doblad* | quemad* | moho | apesta | huele mal | agujero* | se despega | desteñid* | encogi* | caja vacía"
    " | venía vací* | no enciende | no arranca | no carga | no abre | no corresponde | en lugar de | en vez de"
    " | no es como | dirección equivocada | debía llegar | debería haber | cuánto más | no he recibido | no recibí"
    " | no llegó | no entregad* | yo pedí | había pedido | pagué dos veces | cobrado dos | la mitad | inservible"
    " | se cae | retraso | no sirve | goteando | gotea | desportillad* | quemado | huele | floj* | deform*"
    " | dos … izquierd* | error | confundi* | demasiado pequeñ* | demasiado grande | otro color | cobrad* | cobraron"
    " | no … reembols* | defecto* | daño* | problema con | problemas con | atascad* | golpead* | grieta* | sin tapa"
    " | sin instrucciones | qué está pasando | qué pasa con | tenía que llegar | tenía que estar | ruido | ruidos"
    " | vibra | parpadea | cojea | pegajos* | sucio | sucia | ya abiert* | de segunda mano | podrid* | rancio"
    " | oxidad* | óxido | no cambia | no se mueve | se calienta | rayón | rayad* | costuras | descosid* | se cayó"
    " | se soltó | se rompió | la primera vez | se colgaba",
    denies="no | ni | nunca | nada | nadie | ningún | ninguna | sin | tampoco",
    against="pero | aunque | sino | solo | sólo | otra vez | en vez | prometieron | prometido | supuestamente"
    " | todavía | aún | me mandaron | me enviaron | pagué | me dijeron | dijeron | debía | sigue",
    asks="dónde | cuándo | qué | cuál | cuáles | quién | por | cómo | cuánto | cuánta | cuántos | puedo | pueden"
    " | podrían | tienen | hay | es | son | hasta | se | sería | hacen",
    calm="si | cuánto tarda | política | cómo se | nada roto | nada rota | no estaba rot* | ninguna queja"
    " | ningún problema | sin quejas | la mía | el mío | mi viej* | después de … años | por si | reparar | puse mal"
    " | me equivoqué | mi error | error mío | una copia | no corre prisa | sin prisa | no hay prisa | hay | tienen"
    " | puedo | me pueden decir | muchas gracias | mil gracias | qué pasa si | no es mi estilo | no me gusta"
    " | cambiado de opinión | ya no lo necesito | no me queda | no me quedan",
    upset="decepcion* | inaceptable* | pésim* | terrible | horrible | peor | groser* | nunca más | descontent*"
    " | enfadad* | enojad* | furios* | estafa | vergüenza | perdido un cliente | perdido una clienta | una queja"
    " | quejarme | reclamación | indignad* | abogad* | desastre | insatisfech* | mal servicio | mala calidad"
    " | maleducad* | ridícul* | harto | harta | qué desastre | qué vergüenza | pesadilla | no vuelvo | no volveré"
    " | última vez | jamás | estafad* | engañad* | timo | me arrepiento | increíble | esperaba más"
    " | esperaba algo mejor | molest* | basura | porquería | una estrella | gracias por nada | me colgó | colgaron"
    " | insult* | se rieron | ya basta | basta ya | no es aceptable | no es normal | malísim* | lamentable* | fatal"
    " | publicidad engañosa | mentiros* | mentira* | ladron* | poco profesional | decepción | esperaba otra"
    " | esperaba | siempre igual | siempre lo mismo | cada vez | no se hace | prometieron | no es fiable | descortés"
    " | trataron | paciencia | chapuza | no vale | odio | triste | falta de respeto | poco seri* | descuid*"
    " | indignante | para eso | ya no es | era mejor | pérdida de tiempo | en serio | cómo es posible | sin excusa"
    " | cero | tirado | molesto | por ese precio | todo el tiempo",
    insists="exijo | devuélvanme | devuelvan … dinero | quiero … dinero | me devuelvan | devuelvan el | me deben"
    " | quiero recuperar | recuperar lo que | mi dinero",
    refund="reembols* | mi dinero | devuelvan … dinero | el dinero | devuelven … dinero | me devuelvan"
    " | devolver … dinero | recuperar … dinero | prefiero mi dinero | importe a mi | recuperar lo | devolverlo"
    " | lo que pagué | devuelvan | el importe | me cobraron",
    replacement="cámbien* | cambien | una nueva | uno nuevo | otra | otro | la correcta | el correcto | reemplac*"
    " | reemplaz* | sustitu* | mandan uno nuevo | manden otr* | envíen otr* | pieza que falta | otros dos | arreglar"
    " | solucionar | faltan | falta | en lugar de | en vez de | me los mandan | solo uno | solo una | solo venía",
    apology="una disculpa | pidan disculpas | pidan perdón | discúlpense | exijo … disculpas | disculparse"
    " | que se disculp* | se disculpe | que se disculpe | disculpas",
    answer="nadie contesta | nadie responde | nadie me contesta | nadie me responde | no contestan | no responden"
    " | sin respuesta | ninguna respuesta | escrito tres veces | escrito varias veces | tercera vez | ignorad*"
    " | hay alguien | hablar con ustedes | contactar con | nadie coge | nadie atiende | no cogen | no atienden"
    " | nadie llama | sin noticias | ninguna noticia | espero respuesta | sigo esperando | llevo … días"
    " | llevo … semanas | desde el lunes | hace … semanas que | he llamado | tendré respuesta | espero … respuesta"
    " | respondan | contesten | no atiende nadie | contestador | no hay nadie | ni una palabra | silencio",
)
ITALIAN = Pack(
    wrong="rotto | rotta | rotti | rotte | danneggiat* | difettos* | crepat* | strappat* | macchiat* | graffiat*"
    " | frantumi | a pezzi | non funziona* | smesso di funzionare | sbagliat* | non è quello che ho ordinato | manca"
    " | mancano | mai arrivat* | ancora nessun* | addebitat* due volte | scadut* | incomplet* | guast* | in ritardo"
    " | mille pezzi | in pezzi | da buttare | rovinat* | mort* | inzuppat* | bagnat* | ammaccat* | piegat* | bruciat*"
    " | muffa | puzza | buco | buchi | si stacca | scolorit* | ristrett* | scatola vuota | pacco vuoto"
    " | non si accende | non si apre | non parte | non carica | non corrisponde | invece di | al posto di"
    " | indirizzo sbagliato | doveva arrivare | sarebbe dovut* | quanto ancora | non ho ricevuto | non è arrivat*"
    " | non consegnat* | avevo ordinato | preso i soldi due volte | pagato due volte | addebitato due volte | la metà"
    " | inutilizzabil* | spente | si è spent* | ritardo | perde acqua | scheggiat* | bruciato | allentat* | deformat*"
    " | due scarpe sinistre | errore | scambiat* | troppo piccol* | troppo grand* | altro colore | addebitat*"
    " | non … rimborsat* | difett* | danno | danni | problema con | problemi con | bloccat* | ammaccatur* | crepa"
    " | senza coperchio | senza istruzioni | che succede | cosa sta succedendo | doveva | dovevano | gracchia"
    " | rumore | rumori | vibra | sfarfalla | traballa | appiccicos* | sporc* | già apert* | di seconda mano | marci*"
    " | rancid* | arrugginit* | ruggine | è fermo | surriscalda | graffio | graffi | cuciture | scucit* | caduto"
    " | staccat* | spezzat* | la prima volta | si bloccava",
    denies="non | mai | niente | nulla | nessuno | nessun | nessuna | senza | neanche | nemmeno",
    against="ma | però | invece | anche se | solo | di nuovo | promesso | ancora | avevate detto | mi avete"
    " | ho pagato | avevate | avete detto | doveva",
    asks="dove | dov'è | quando | cosa | che | quale | quali | chi | perché | come | quanto | posso | potete"
    " | potreste | avete | c'è | ci | è | sono | fino | si | fate | spedite",
    calm="se | quanto ci vuole | condizioni | come si | niente di rotto | non era rott* | nessun reclamo"
    " | nessun problema | la mia | il mio vecchio | dopo … anni | nel caso | riparare | ho messo | aver sbagliato"
    " | ho sbagliato | errore mio | una copia | non c'è fretta | senza fretta | avete | posso | potete dirmi"
    " | grazie mille | grazie infinite | c'è un | cosa succede se | non è il mio stile | non mi piace | cambiato idea"
    " | non mi serve più | non mi va | non mi sta",
    upset="delus* | inaccettabil* | pessim* | terribil* | orribil* | peggior* | maleducat* | mai più | scontent*"
    " | arrabbiat* | furios* | truffa* | vergogn* | perso un cliente | perso una cliente | un reclamo | lamentarmi"
    " | avvocat* | disastr* | insoddisfatt* | scadente | ridicol* | stufo | stufa | urlar* | sinceramente"
    " | che disastro | che vergogna | incubo | non compro più | non comprerò | ultima volta | fregat* | ingannat*"
    " | mi pento | incredibile | mi aspettavo di più | mi aspettavo meglio | irritat* | infastidit* | schifo"
    " | spazzatura | robaccia | una stella | grazie di niente | sbattuto giù | riattaccat* | insult* | riso in faccia"
    " | non è accettabile | non è normale | pessima | brutt* | scioccat* | pubblicità ingannevole | bugiard* | bugie"
    " | ladri | poco professional* | delusione | mi aspettavo | ogni volta | sempre così | sempre lo stesso | indegn*"
    " | promesso | inaffidabil* | scortes* | trattat* | pazienza | non vale | odio | triste | mancanza di rispetto"
    " | poco seri* | trascurat* | deludent* | soldi buttati | non è più quella | non è più | era meglio"
    " | perdita di tempo | sul serio | come è possibile | nessuna scusa | zero | che nervi | per quel prezzo"
    " | di continuo",
    insists="rivoglio | ridatemi | voglio il rimborso | voglio un rimborso | esigo | pretendo | rivorrei | riavere"
    " | indietro uno | mi dovete | indietro i | essere rimborsat* | miei soldi",
    refund="rimbors* | miei soldi | i soldi | soldi indietro | riavere i soldi | indietro | restituzione dei soldi"
    " | riaccredit* | riprendetevi | soldi sulla | riavere i | preferisco … soldi | restituirla | restituirlo"
    " | restituitemi | l'importo | addebitat*",
    replacement="sostitu* | una nuova | uno nuovo | un altro | un'altra | quella giusta | quello giusto"
    " | mandate uno nuovo | ne mandate | mandatene | rimandat* | pezzo mancante | altri due | altre due | sistemare"
    " | rimediare | mancano | manca | invece di | invece di quella | spedirmele | uno solo | una sola | ce n'era",
    apology="delle scuse | le vostre scuse | le scuse | scusatevi | dobbiate … scuse | chiedere scusa"
    " | chiedete scusa | si scusi | scusarsi | che si scusi",
    answer="nessuno risponde | nessuno mi risponde | nessuna risposta | non rispondete | senza risposta"
    " | scritto tre volte | scritto più volte | terza volta | ignorat* | rispondetemi | c'è qualcuno"
    " | provo a contattarvi | contattarvi | nessuno richiama | nessuno alza | non richiamate | nessuna notizia"
    " | senza notizie | aspetto una risposta | sto ancora aspettando | da lunedì | da … giorni | da … settimane"
    " | ho chiamato | mai una risposta | rispondere | rispondete | risponde nessuno | segreteria | non c'è nessuno"
    " | nessuna traccia | neanche una parola | nemmeno una parola | silenzio",
)
DUTCH = Pack(
    wrong="kapot* | stuk | beschadigd* | defect* | gebarsten | gebroken | gescheurd | vlekken | krassen"
    " | doet het … niet | werkt … niet | werken … niet | verkeerde maat | verkeerd* | niet besteld | ontbreekt"
    " | ontbreken | nooit aangekomen | nog steeds geen | nog steeds niet | twee keer afgeschreven"
    " | dubbel afgeschreven | te laat | beschimmeld | onvolledig | scherven | in stukken | verpest | verknald | dood"
    " | doorweekt | gedeukt | verbogen | doorgebrand | schimmel | stinkt | gat | gaten | laat los | verbleekt"
    " | gekrompen | doos was leeg | pakket was leeg | gaat niet aan | gaat niet open | laadt niet | start niet"
    " | klopt niet met de beschrijving | in plaats van | verkeerde adres | had … moeten | zou … komen"
    " | hoe lang … nog | niet ontvangen | niets ontvangen | niet gekregen | niet aangekomen | niet geleverd"
    " | had … besteld | twee keer betaald | dubbel betaald | de helft | onbruikbaar | hield er … mee op | vertraging"
    " | lekt | afgebroken | verbrand | ruikt | uit model | linkerschoenen | fout | verwisseld | te klein | te groot"
    " | andere kleur | afgeschreven | niet terugbetaald | gebrek | gebreken | mankement* | schade | probleem met"
    " | problemen met | deuk* | barst* | splinter* | zonder deksel | zonder handleiding | wat is er aan de hand"
    " | zou er | zou … zijn | kraakt | rammelt | zoemt | flikkert | lawaai | wiebelt | plakkerig | vies | al geopend"
    " | tweedehands | bedorven | ranzig | roestig | roest | staat … stil | oververhit | kras | naden | losgelaten"
    " | afgevallen | losgeraakt | knapte | geknapt | de eerste keer | liep … vast",
    denies="niet | nooit | niets | niemand | geen | zonder | nergens",
    against="maar | hoewel | toch | slechts | alleen | alweer | beloofd | zogenaamd | in plaats | jullie hebben mij"
    " | betaald | was beloofd | er werd gezegd | zou | nog altijd | kreeg ik",
    asks="waar | wanneer | wat | welke | welk | wie | waarom | hoe | is | zijn | kan | kunnen | kun | kunt | hebben"
    " | heeft | mag | mogen | leveren | werkt | komt | tot | doen | zou",
    calm="als | hoe lang | beleid | retourbeleid | hoe maak | niets kapot | niet kapot | geen klacht* | wat gebeurt"
    " | geen probleem | mijn oude | na … jaar | voor het geval | repareren | heb ingevuld | ingevuld | mijn fout"
    " | typefout | kopie | geen haast | hebben jullie | kan ik | kunt u mij | is er een | heel erg bedankt"
    " | dank u wel | bedankt | niet mijn stijl | niet mijn smaak | bevalt … niet | van gedachten | niet meer nodig"
    " | past niet | passen niet",
    upset="teleurgesteld | teleurstell* | onacceptabel* | slechtste | verschrikkelijk* | vreselijk* | waardeloos"
    " | onbeschoft* | nooit meer | ontevreden | boos | woedend | oplicht* | schande* | klant kwijt | klant verloren"
    " | een klacht | klagen | advocaat | belachelijk | niet tevreden | slechte service | slechte kwaliteit"
    " | schreeuw* | eerlijk gezegd | puinhoop | wat een ramp | ramp | nachtmerrie | koop niet meer | bestel niet meer"
    " | nooit weer | laatste keer | bedrogen | opgelicht | heb spijt | ongelofelijk | ongelooflijk | schaam*"
    " | meer verwacht | beter verwacht | geïrriteerd | irritant | rommel | troep | prut | één ster"
    " | bedankt voor niets | hing … op | opgehangen | uitgescholden | beledigd | uitgelachen | genoeg van"
    " | er klaar mee | niet acceptabel | niet normaal | slecht | belabberd | geschokt | misleid* | leugen* | gelogen"
    " | dieven | onprofessioneel | teleurstelling | iets anders verwacht | verwacht | elke keer | altijd hetzelfde"
    " | steeds weer | leugenaar | kan echt niet | beloofd | onbetrouwbaar | onbeleefd | behandeld | geduld | slordig"
    " | niet waard | haat | verdrietig | respectloos | onvriendelijk* | brutaal | jammer | lekker dan | niet meer wat"
    " | was vroeger beter | verspilling | tijdverspilling | serieus | hoe kan dat | hoe is het mogelijk | geen excuus"
    " | nul | vervelend | voor die prijs | voor dat geld | steeds",
    insists="wil … geld terug | mijn geld terug | eis | betaal mij terug | betaal me terug | terugstort*"
    " | wil ik terug | geld terugkrijgen | jullie zijn mij | geef mij | mijn geld zien | mijn geld",
    refund="geld terug | terugbetal* | betaal mij terug | betaal me terug | geld terug* | terugstort* | terugboek*"
    " | neem … terug | geld op mijn | maar mijn geld | het geld | geld is er | stort … terug | afgeschreven",
    replacement="vervang* | een nieuwe | een nieuw | een andere | omruil* | ruilen | de juiste | het juiste"
    " | sturen … nieuwe | stuur … nieuwe | nasturen | opnieuw sturen | ontbrekende onderdeel | twee andere | oplossen"
    " | in orde | ontbreken | ontbreekt | in plaats van | die nasturen | maar een | maar één",
    apology="verwacht … excuses | uw excuses | jullie excuses | bied … excuses | een excuus | excuus verdien"
    " | verontschuldig* | zijn excuses | haar excuses | excuses aanbied*",
    answer="niemand antwoordt | niemand reageert | reageert niemand | antwoordt niemand | geen antwoord"
    " | geen reactie | drie keer geschreven | vaker geschreven | derde keer | genegeerd | negeren | te bereiken"
    " | niet bereikbaar | daar iemand | niemand neemt op | neemt niemand op | niemand belt | belt niemand"
    " | niets gehoord | hoor niets | wacht op antwoord | wacht nog | wacht al | al … dagen | al … weken | al sinds"
    " | sinds maandag | vaker gebeld | ooit nog antwoord | graag antwoord | graag reactie | eindelijk"
    " | wordt niet opgenomen | voicemail | niemand aanwezig | geen woord | helemaal niets | stilte",
)
PORTUGUESE = Pack(
    wrong="partido | partida | partidos | partidas | quebrad* | danificad* | estragad* | defeituos* | com defeito"
    " | rachad* | rasgad* | manchad* | avariad* | não funciona* | deixou de funcionar | parou de funcionar | errado"
    " | errada | não foi isto que | não é o que encomendei | não é o que pedi | falta | faltam | nunca chegou"
    " | nada da encomenda | cobrad* duas vezes | cobraram duas vezes | fora de prazo | incomplet* | cacos"
    " | aos pedaços | em pedaços | arruinad* | morreu | morreram | encharcad* | amolgad* | dobrad* | queimad* | bolor"
    " | mofo | cheira mal | buraco* | descolou | desbotad* | encolheu | caixa vazia | veio vazi* | não liga"
    " | não abre | não carrega | não arranca | não corresponde | em vez de | ao invés | morada errada"
    " | devia ter chegado | deveria ter | quanto mais tempo | não recebi | não chegou | não foi entregue"
    " | ainda não chegou | eu pedi | tinha pedido | tinha encomendado | paguei duas vezes | cobraram duas | metade"
    " | inutilizável | atraso | atrasad* | não serve | pinga | lascad* | queimado | cheira a | solt* | deformad*"
    " | dois … esquerd* | erro | trocad* | demasiado pequen* | demasiado grande | outra cor | cobrad* | cobraram"
    " | não … reembols* | defeito* | dano* | problema com | problemas com | encravad* | riscad* | fenda | sem tampa"
    " | sem instruções | o que se passa | o que está a acontecer | devia chegar | devia estar | deveria | ruído"
    " | barulho | vibra | pisca | abana | pegajos* | suj* | já abert* | segunda mão | podre* | rançoso | ferrugem"
    " | enferrujad* | está parado | sobreaquece | risco | costuras | descosid* | caiu | partiu se logo"
    " | a primeira vez | primeira vez | a bloquear",
    denies="não | nem | nunca | nada | ninguém | nenhum | nenhuma | sem",
    against="mas | embora | apesar | só | apenas | outra vez | de novo | prometeram | prometido | ainda | em vez"
    " | mandaram me | enviaram me | paguei | disseram | devia | continua",
    asks="onde | quando | que | qual | quais | quem | porque | como | quanto | quantos | posso | podem | poderiam"
    " | têm | tem | há | é | são | até | dá | será | fazem",
    calm="se | quanto tempo | política | como se | nada … partid* | nada … quebrad* | não estava partid*"
    " | nenhuma reclamação | o que acontece | sem problema* | a minha antiga | o meu antigo"
    " | a minha partiu se ao fim | ao fim de … anos | depois de … anos | caso | reparar | pus mal | enganei me"
    " | erro meu | uma cópia | não há pressa | sem pressa | têm | posso | podem dizer | há um | muito obrigad*"
    " | muitíssimo | não é o meu estilo | não gosto | mudei de ideias | já não preciso | não me serve | não servem"
    " | não servirem",
    upset="desilud* | decepcion* | inaceitável | péssim* | terrível | horrível | pior | mal educad* | nunca mais"
    " | insatisfeit* | descontent* | zangad* | furios* | burla | golpe | vergonha | perderam um cliente"
    " | perderam uma cliente | uma reclamação | reclamar | advogad* | desastre | ridícul* | farto | farta"
    " | mau serviço | má qualidade | absurdo | sinceramente | que confusão | que desastre | que vergonha | pesadelo"
    " | não volto | última vez | nunca mais compro | enganad* | roubad* | arrependo | inacreditável | esperava mais"
    " | esperava melhor | irritad* | chatead* | lixo | porcaria | uma estrela | obrigad* por nada | desligou me"
    " | desligaram me | insult* | riram se | já chega | não é aceitável | não é normal | péssimo | chocad*"
    " | publicidade enganosa | mentiros* | mentira* | ladrões | pouco profissional | desilusão | lamentável"
    " | esperava outra | esperava | sempre a mesma | sempre igual | cada vez | não se faz | prometeram | pouco fiável"
    " | mal educação | trataram | paciência | não vale | odeio | triste | falta de respeito | pouco sér* | desleix*"
    " | deitado fora | já não é | era melhor | perda de tempo | a sério | como é possível | sem desculpa | zero"
    " | irritante | por esse preço | sempre a",
    insists="exijo | devolvam me | quero … dinheiro | dinheiro de volta | me devolvam | quero que me | devem me"
    " | me devem | receber o que | meu dinheiro",
    refund="reembols* | meu dinheiro | o dinheiro | dinheiro de volta | me devolvam | devolvam o"
    " | devolver … dinheiro | estorn* | prefiro o dinheiro | dinheiro no meu | de volta | quero devolver"
    " | o que paguei | devolvam | o valor | cobraram me",
    replacement="troquem* | trocar | uma nova | um novo | outra | outro | o certo | a certa | substitu*"
    " | mandam … nova | mandam … novo | mandem outr* | enviem outr* | peça em falta | outros dois | outras duas"
    " | resolver | faltam | falta | em vez da | em vez de | só um | só uma | só vinha",
    apology="pedido de desculpa* | peçam desculpa* | as vossas desculpas | pedido de desculpas | pedir desculpa"
    " | peça desculpa* | pedir desculpa*",
    answer="ninguém responde | ninguém me responde | não respondem | sem resposta | nenhuma resposta"
    " | escrevi três vezes | escrevi várias vezes | terceira vez | ignorad* | está aí alguém | falar convosco"
    " | falar com vocês | contactar vos | ninguém atende | não atendem | ninguém liga | sem notícias"
    " | nenhuma notícia | espero resposta | continuo à espera | estou à espera | desde segunda | há … dias"
    " | há … semanas | já liguei | ter resposta | respondam | aguardo resposta | voicemail | não há ninguém"
    " | nem uma palavra | silêncio",
)
POLISH = Pack(
    wrong="zepsut* | uszkodzon* | pęknięt* | rozbit* | stłuczon* | podart* | poplamion* | wadliw* | nie działa*"
    " | przestał* | zły rozmiar | zły produkt | zły kolor | nie to zamówił* | brakuje | nigdy nie dotar*"
    " | nadal nie ma | wciąż nie ma | nadal nie dotar* | wciąż nie dotar* | pobrano … dwa razy | niekompletn*"
    " | przeterminowan* | spóźnion* | w kawałkach | w drobny mak | zniszczon* | padł* | zepsuł* | przemoczon*"
    " | wgniecion* | wygięt* | spalon* | pleśń | spleśniał* | śmierdzi | dziura | dziury | dziurę | odkleja się"
    " | odpadł* | wyblakł* | skurczył* | pudełko było puste | paczka była pusta | nie włącza | nie ładuje"
    " | nie otwiera | niezgodn* | zamiast | zły adres | miał* przyjść | miał* być | ile jeszcze | nie otrzymał*"
    " | nie dostał* | nie dotarł* | nie dostarczon* | a zamawiał* | a zamówił* | pobraliście … dwa razy"
    " | zapłacił* dwa razy | nie nadaje się | opóźnien* | cieknie | przecieka | wyszczerbion* | spaleni* | czuć"
    " | luźn* | stracił* kształt | dwa lewe | błąd | pomyl* | pomyłk* | za mał* | za duż* | inny kolor | pobran*"
    " | nie zwróc* | wada | wady | szkod* | problem z | problemy z | zacina* | rysa | rysy | odprys* | bez pokrywki"
    " | bez instrukcji | co się dzieje | o co chodzi | trzeszczy | brzęczy | miga | hałas* | chwieje | lepk* | brudn*"
    " | zgniłe | zjełczał* | zardzewiał* | rdza | stoi od | przegrzewa | szwy | rozpru* | odczepił* | pękł*"
    " | pierwszym | zawieszał*",
    denies="nie | nigdy | nic | nikt | żaden | żadna | żadnej | bez | ani",
    against="ale | choć | chociaż | jednak | zamiast | tylko | znowu | znów | obiecaliście | obiecano | a nie | mimo"
    " | wysłaliście mi | zapłacił* | mówiliście | miało | miał | ciągle | przyszedł",
    asks="gdzie | kiedy | co | który | która | które | jaki | jaka | jakie | kto | dlaczego | jak | ile | czy | do"
    " | od",
    calm="jeśli | jeżeli | ile zwykle | ile trwa | warunki | jak czyścić | nic nie było zepsut*"
    " | nic nie jest zepsut* | żadnych zastrzeżeń | bez zastrzeżeń | żaden problem | mój stary | moja stara"
    " | po … latach | na wypadek | naprawi* | podał* zły | wpisał* | mój błąd | pomylił* | kopię | nie ma pośpiechu"
    " | bez pośpiechu | nie spieszy | czy macie | czy mogę | czy można | czy są | dziękuję bardzo | nie mój styl"
    " | nie w moim guście | nie podoba mi | zmieniłam zdanie | zmieniłem zdanie | już nie potrzebuję | nie pasuje"
    " | nie pasują",
    upset="rozczarowan* | niedopuszczaln* | niezadowolon* | tragedia | tragiczn* | fataln* | najgorsz* | chamsk*"
    " | nigdy więcej | wściek* | oszust* | oszukan* | wstyd | stracili* klient* | skarga | skargę | reklamacj*"
    " | prawnik* | skandal* | żenad* | kpina | kpiny | beznadziejn* | okropn* | krzycz* | niegrzeczn* | mam dość"
    " | szczerze | co za bałagan | bałagan | porażka | koszmar | więcej tu nie | nie kupię | nie zamówię"
    " | ostatni raz | naciągacz* | żałuję | niewiarygodn* | spodziewał* się więcej | lepszego | zdenerwowan* | wkurz*"
    " | śmieć | badziew* | szajs | jedna gwiazdka | dziękuję za nic | rozłączył* | obraził* | wyśmi* | dosyć"
    " | nie do przyjęcia | nie w porządku | słab* | kiepsk* | żałosn* | w szoku | wprowadza w błąd | kłam*"
    " | złodziej* | nieprofesjonaln* | zawiedzion* | zawód | oczekiwał* | za każdym razem | ciągle to samo"
    " | kłamczuch* | tak się nie robi | obiecaliście | niesolidn* | nieuprzejm* | potraktowan* | cierpliwo*"
    " | nie warto | nienawidzę | przykro mi | brak szacunku | niepoważn* | niechlujn* | zawiod* | po co mi"
    " | już nie ta | kiedyś było | strata czasu | serio | jak to możliwe | bez wytłumaczenia | zero | irytując*"
    " | za taką cenę | ciągle się",
    insists="żądam | oddajcie | chcę zwrotu | proszę oddać | z powrotem pieniądze | należy mi się | należą mi"
    " | odzyskać pieniądze | moje pieniądze",
    refund="zwrot* pieniędzy | zwrotu | oddajcie pieniądze | pieniądze … powrotem | powrotem pieniądze"
    " | oddać … płatność | zwróćcie | proszę oddać | oddać | odzyskać pieniądze | pieniądze zwrócić"
    " | wolę … pieniądze | pieniędzy wciąż | odesłać i | proszę o zwrot | pobraliście | opłatę",
    replacement="wymian* | wymieni* | nowy | nową | nowego | właściw* | innego | inną | prawidłow* | wyślecie nowy"
    " | wyślijcie nowy | wyślijcie drug* | przyślijcie | dosłać | brakując* | dwie inne | naprawić | brakuje"
    " | zamiast | tylko jeden | tylko jedno | tylko jedna",
    apology="oczekuję … przeprosin | przeproście | żądam … przeprosin | przeprosiny | przeprosić | przeprosił*"
    " | przeproś*",
    answer="nikt nie odpowiada | nikt nie odpisuje | brak odpowiedzi | bez odpowiedzi | nie odpowiadacie | trzy razy"
    " | kilka razy | trzeci raz | ignorujecie | nikt się nie odzywa | jest tam ktoś | skontaktować | nikt nie odbiera"
    " | nie odbieracie | nikt nie dzwoni | nikt nie oddzwania | żadnej odpowiedzi | cisza | bez echa"
    " | czekam na odpowiedź | wciąż czekam | nadal czekam | od poniedziałku | od … dni | od … tygodni | dzwonił*"
    " | dostanę odpowiedź | odpowiedzcie | proszę o odpowiedź | telefonu nikt | poczta głosowa | nikogo nie ma"
    " | ani słowa | milczenie",
)
PACKS: Mapping[str, Pack] = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "nl": DUTCH,
    "pt": PORTUGUESE,
    "pl": POLISH,
}
