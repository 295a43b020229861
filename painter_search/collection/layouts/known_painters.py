"""Painters that most collections have one of: where their names stand, artists stand."""

from __future__ import annotations

KNOWN_PAINTERS = """
agnes martin, aivazovsky, alma tadema, altdorfer, andrea del sarto, appel, bacon, baldung, balthus, basquiat,
beckmann, bellini, bellotto, bellows, bierstadt, blake, boccioni, bocklin, boecklin, bonnard, bosch, botero,
botticelli, boucher, boudin, bouguereau, braque, breitner, breughel, bronzino, brouwer, bruegel, brueghel, bryullov,
buffet, buonarroti, burne jones, caillebotte, canaletto, caravaggio, carpaccio, carracci, cassatt, cezanne, chagall,
chardin, chirico, cimabue, claesz, constable, corinth, corot, correggio, courbet, cranach, cuyp, da vinci, dali,
daubigny, daumier, de hooch, de kooning, degas, delacroix, delaunay, delvaux, derain, diebenkorn, domenichino, dou,
duccio, duchamp, duerer, dufy, durer, eakins, edelfelt, el greco, elsheimer, ensor, escher, fantin latour, feininger,
fra angelico, fragonard, frankenthaler, frans hals, franz marc, frida kahlo, gainsborough, gallen kallela, gauguin,
gentile da fabriano, gentileschi, gericault, ghirlandaio, giacometti, giorgione, giotto, goncharova, goya, grant wood,
greuze, grosz, grunewald, guardi, guercino, gustave moreau, hammershoi, hassam, hayez, heda, henri rousseau, hilma af
klint, hiroshige, hobbema, hockney, hodler, hogarth, hokusai, holbein, honthorst, hopper, hundertwasser, ingres,
israels, jacques louis david, jasper johns, jawlensky, jordaens, kahlo, kandinsky, khnopff, kiefer, kirchner, klee,
klimt, kokoschka, kollwitz, kramskoi, kramskoy, krohg, kroyer, kuindzhi, kunisada, kuniyoshi, kupka, kustodiev, kuzma
petrov vodkin, larionov, lautrec, leger, leighton, lely, leonardo, levitan, leyster, lichtenstein, liebermann,
lievens, lippi, lorrain, lowry, macke, magritte, malevich, manet, mantegna, martini, masaccio, matejko, matisse, max
ernst, memlinc, memling, menzel, merian, metsu, michelangelo, millais, millet, miro, modigliani, mondriaan, mondrian,
monet, morandi, morisot, motherwell, mucha, munch, munter, murillo, nesterov, nolde, o keeffe, okeeffe, orozco,
parmigianino, paul nash, pechstein, perugino, picabia, picasso, piero della francesca, piranesi, pissarro, pollaiuolo,
pollock, pontormo, poussin, puvis de chavannes, raeburn, raffael, raffaello, raphael, rauschenberg, redon, rembrandt,
reni, renoir, repin, ribera, rodchenko, roerich, rosa bonheur, rossetti, rothko, rouault, rubens, rublev, ruisdael,
ruysdael, sanzio, sargent, savrasov, schiele, schmidt rottluff, schwitters, segantini, serov, seurat, sharaku,
shishkin, sickert, signac, signorelli, siqueiros, sisley, slevogt, sluijters, snyders, sorolla, soutine, steen,
stubbs, surikov, tanguy, tapies, tatlin, teniers, ter borch, terborch, tiepolo, tintoretto, titian, tizian, tiziano,
toulouse lautrec, turner, twombly, uccello, utamaro, utrillo, vallotton, van der goes, van der weyden, van doesburg,
van dyck, van eyck, van gogh, van goyen, van ostade, van rijn, vasarely, vasnetsov, vecellio, velasquez, velazquez,
vermeer, veronese, verrocchio, vigee le brun, vlaminck, vrubel, vuillard, warhol, waterhouse, watteau, whistler,
winslow homer, wyeth, yoshitoshi, yves klein, zorn, zurbaran, айвазовский, боттичелли, брюллов, ван гог, васнецов,
веласкес, врубель, гоген, гойя, дали, дега, дюрер, кандинский, караваджо, климт, крамской, куинджи, кустодиев,
левитан, леонардо, малевич, мане, матисс, микеланджело, моне, пикассо, рафаэль, рембрандт, ренуар, репин, рерих,
рубенс, рублев, саврасов, сезанн, серов, суриков, тициан, шагал, шишкин,
葛飾北斎, 北斎, 歌川広重, 広重, 喜多川歌麿, 莫奈, 梵高, 凡高, 毕加索,
齐白石, 齊白石, 徐悲鸿, 张大千, 張大千, モネ, ゴッホ, ピカソ"""  # noqa: RUF001
"""Surnames, single names, and full names where the surname alone is a word or a given name, divided by commas.

They are evidence only for which level of a folder names the artists, never for who painted what."""
