"""Words too common to be looked for, with accents folded. Short on purpose: BM25 gives the others little weight."""

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about after all also am an and any are as at be because been before being between both but by can could
            did do does doing during each for from had has have having he her here hers him his how i if in into is it
            its just me more most my no nor not of off on once only or other our ours out over own s same she should so
            some such t than that the their theirs them then there these they this those through to too under until up
            very was we were what when where which while who whom why will with would you your yours
        """,
        "pt": """
            a ao aos aquela aquelas aquele aqueles aquilo as ate com como da das de dela delas dele deles depois do dos
            e ela elas ele eles em entre era eram essa essas esse esses esta estao estas este estes eu foi foram ha isso
            isto ja lhe lhes mais mas me mesmo meu meus minha minhas muito na nao nas nem no nos nossa nossas nosso
            nossos num numa o os ou para pela pelas pelo pelos por qual quais quando que quem sao se sem ser seu seus so
            sua suas tambem te tem ter teu tua um uma umas uns voce voces
        """,
        "es": """
            a al algo ante antes aquel aquella como con cual cuales cuando de del desde donde durante e el ella ellas
            ellos en entre era eran es esa esas ese eso esos esta estas este esto estos fue fueron ha han hasta la las
            le les lo los mas me mi mis muy ni no nos nosotros o os otra otro para pero por porque que quien quienes se
            ser si sin sobre son su sus tambien te tiene tu tus un una unas uno unos y ya yo
        """,
        "fr": """
            a ai au aux avec c ce ces cet cette comme d dans de des donc du elle elles en entre est et etait ete etre eu
            eux il ils j je l la le les leur leurs lui m ma mais me meme mes mon n ne nos notre nous on ont ou par pas
            plus pour qu que quel quelle quelles quels qui s sa sans se ses son sont sur t ta te tes toi ton tu un une
            vos votre vous y
        """,
        "de": """
            aber als am an auch auf aus bei bin bis da damit dann das dass dem den der des die dies diese diesem diesen
            dieser dieses doch dort du durch ein eine einem einen einer eines er es fur hat hatte hatten hier ich ihr
            ihre ihrem ihren ihrer im in ist ja kann kein keine man mit nach nicht noch nur oder ob sehr sein seine sich
            sie sind so uber um und uns unter vom von vor war waren was wenn wer werden wie wird wir wo wurde wurden zu
            zum zur
        """,
        "it": """
            a ad agli ai al alla alle allo anche che chi ci come con cui da dagli dai dal dalla dalle dallo degli dei
            del della delle dello di dove e ed era erano essere fra gli ha hanno i il in io l la le lei li lo loro lui
            ma me mi ne negli nei nel nella nelle nello noi non o ogni per perche piu quale quali quando quella quelle
            quelli quello questa queste questi questo se sei si sia sono su sua sue sui sul sulla sulle suo suoi tra tu
            un una uno voi
        """,
        "nl": """
            aan als bij dat de der deze die dit doch door dus een en er ge geen had heb hebben heeft het hier hij hoe ik
            in is ja je kan kon maar me meer met mij mijn na naar niet nog nu of om omdat ook op over te tot u uit uw
            van voor waar was wat we wel werd wie wij wordt worden zal ze zich zij zijn zo zonder zou
        """,
    }.items()
}
