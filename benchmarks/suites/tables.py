"""The suites that are shipped, a formula a line: digest, family, seed, parameters; see `suites`.

After the sign # stands what Kissat 4.0.4 answered, and the CPU seconds it took on one core of a cloud host;
`>25` was not solved in 25 seconds. Only the first column must agree with what is generated.
"""

from typing import Final

# Every family in a moment.
SMOKE: Final = """
a6f07a4f86c87d94 random-ksat       1 variables=100
ff819123648b924d random-ksat       1 variables=150 ratio=5.0
b5636d64cb0dca43 planted-ksat      1 variables=150
68949507b304c813 qwh               1 order=20
0ad11eb0bd97b3ec sudoku            1 box=4
1327c648e3c1270b colouring         1 vertices=100 planted=yes
6d66842dc7c00242 van-der-waerden   0 n=34 lengths=4,4
8edb791d5e843cb2 van-der-waerden   0 n=35 lengths=4,4
3e0622d84ffc4705 schur             0 n=13 colours=3
58959afd48198c43 pythagorean       0 n=1000
8238d5718527f915 hales-jewett      0 side=3 dimension=4
1382945a724dcee7 langford          0 n=8
38738f3ea726873d pigeonhole        0 pigeons=8 holes=7
8aa8a39aabb56416 tseitin           1 vertices=20
fbe264e86cbe8ae4 clique-colouring  0 vertices=6 clique=4 colours=3
24a1b206740aff7e parity            1 bits=12
41ee46ff5a6cbc07 factoring         1 bits=20
d4e098221a640867 prime             1 bits=18
b460e34160cbf4e4 miter             0 width=4
04008381034456ed sha1              1 rounds=17
702f6dca72681f01 md5               1 rounds=18
a70e0a28916a5d79 bmc               0 machine=fifo size=4 depth=4 bound=5 broken=yes
6bc609098cec4d40 bmc               0 machine=multiplier size=4 bound=6
450f6e244f55131d sgen-sat          1 variables=60
2a72cac9b13d136b sgen-unsat        1 variables=25
62b7f0ddf9acbef2 discrepancy          0 n=100
59eaf7c0f57ed11a vmpc                 1 order=10
71769242980f5864 costas               0 order=10
0b980244afec52b0 frb                  1 variables=15
85f1bc0f17c1bdee clique               1 vertices=25 size=7
9808dcf1072d01be hamiltonian          1 vertices=40
e3a6b4bf926d18be edge-matching        1 side=4 colours=4
fecfc3fc885b3687 mutilated-chessboard 0 side=6
7cdc3a42ca790db8 social-golfer        0 weeks=4 groups=5
77127983145114fb ordering             1 size=20 degree=3
f89f7f27e6f6c377 subset-cardinality   1 size=10
9108b08d72a66d8c simon                1 rounds=5
fe469aba22576e54 speck                1 rounds=4
"""

# A few seconds each at most.
CI: Final = """
e18bb2a6ec3f4450 random-ksat       1 variables=200
710f5eeb47493808 random-ksat       1 variables=250
01353a4b04d26be7 random-ksat       2 variables=250
a5fd8c2e5d6fd3ee random-ksat       1 variables=5000 ratio=3.7
c48c40c2f2d82fac planted-ksat      1 variables=250
a9ee226938961c63 planted-ksat      1 variables=250 q=0.5
b3a6df302cfee884 qwh               1 order=33 holes=0.42
ae49e783a573f6db qwh               1 order=40 holes=0.42
3010794d816af055 sudoku            1 box=6 holes=0.55
7cfee769bf68431b colouring         1 vertices=400 degree=4.65
f3adb1266a1be48c colouring         1 vertices=130 degree=9.0 colours=4
0d1d787fa56d67c7 colouring         1 vertices=200 degree=8.5 colours=4 planted=yes
5238b86832f62911 van-der-waerden   0 n=72 lengths=4,6
082f901d07b99a53 van-der-waerden   0 n=97 lengths=3,10
3608f3a4fcdc8dd0 schur             0 n=44 colours=4
2a5681375344cf3e pythagorean       0 n=5000
a4bf991888a46ded hales-jewett      0 side=4 dimension=6
013e5c7a4ca2c8cd langford          0 n=10
66a7949ce2b90829 langford          0 n=48
0ca8e5ba5ad4ce14 ramsey            0 vertices=22 red=3 blue=7
e6cbe51538aa1875 clique-colouring  0 vertices=8 clique=5 colours=4
6290ae2e26b138cb clique-colouring  0 vertices=20 clique=10 colours=10
191cfbf4026dc944 pigeonhole        0 pigeons=10 holes=9
a969fa4bb89dfcdd tseitin           1 vertices=60
b4b0a0195e9e2d73 tseitin           1 vertices=200 satisfiable=yes
12641dc9e22618d0 urquhart          1 side=3
3fc392d88edcefa9 even-colouring    1 vertices=30
c01ea67711dba707 parity            1 bits=20
f49487c67f935fa4 factoring         1 bits=32
aeb53d930baf4599 prime             1 bits=28 multiplier=wallace
6fe72e10076ecd97 miter             1 width=7
e52cd561dcbc962e miter             1 width=32 fault=yes
e40e41ad82295ec7 sha1              1 rounds=20
5b47fa4373e6f3a5 sha256            1 rounds=17
aaf7a8f3afde0da0 md5               1 rounds=24
52c5044549155122 bmc               0 machine=multiplier size=6 bound=8
45dd6236f31749e7 bmc               0 machine=multiplier size=16 bound=18 broken=yes
1dd83050eacd7b7a bmc               0 machine=fifo size=16 depth=32 bound=40 broken=yes
7781000f05609269 bmc               0 machine=counter size=8 depth=60 bound=59
4fc1937d4a5042b4 sgen-sat          1 variables=100
ab06c5a3a5abd4d3 sgen-unsat        1 variables=45
652da4a93eb8441f discrepancy          0 n=200
2f4a1de9ab45edcb vmpc                 1 order=15
be5b20a18a3d2683 costas               0 order=13
cadca4d408380e11 frb                  1 variables=22
41e0bbe1aaae3568 clique               1 vertices=35 size=9
07e5a83ee56ec749 hamiltonian          1 vertices=100
29806a034ec0f3b5 edge-matching        1 side=5 colours=5
11a055cced5e6315 mutilated-chessboard 0 side=10
acfb833557072f8c social-golfer        0 weeks=6 groups=7
b23ea82527d82548 ordering             1 size=40 degree=3
7ca3aa4a09be62db subset-cardinality   1 size=14
152bbef0a512c05b simon                1 rounds=6
29ec116779de3ee7 speck                1 rounds=5 known=44
"""

# 1 to 20 seconds for Kissat, some beyond.
FAMILIES: Final = """
0ef8b3f40ba14de8 random-ksat       1 variables=270  # UNSAT 7.8
a4d662186a77f870 random-ksat       1 variables=300  # UNSAT 9.8
92abbcec38dc3710 random-ksat       2 variables=330  # >25
6102610a0f0c22b2 random-ksat       1 variables=5000 ratio=4.1  # >25
e8133a4794785724 random-ksat       1 variables=60 k=5 ratio=21.1  # SAT 1.8
ceb9fea0f5c69e66 random-ksat       2 variables=300 k=5 ratio=18.0  # SAT 17.8
416083b45ffb8491 planted-ksat      2 variables=330  # SAT 7.5
4385c15d35c7eb3e planted-ksat      1 variables=400  # SAT 13.1
66d637362cd542b9 qwh               1 order=70 holes=0.42  # SAT 1.1
f12cf165256a69e9 qwh               1 order=90 holes=0.42  # SAT 13.7
5f493293c4d74bbf sudoku            1 box=6 holes=0.6  # SAT 4.3
3933eb855912a560 sudoku            1 box=7 holes=0.55  # >25
38b968fc08391ec7 colouring         1 vertices=450 degree=4.65  # UNSAT 1.4
deff47f6a5899d39 colouring         1 vertices=150 degree=9.0 colours=4  # UNSAT 4.1
b24f2d868473fc25 colouring         2 vertices=500 degree=4.75  # >25
029051377b63cc71 colouring         2 vertices=300 degree=8.3 colours=4 planted=yes  # SAT 3.6
870b3e8adbebc522 van-der-waerden   0 n=113 lengths=3,11  # SAT 1.0
06b7571fd210e39f van-der-waerden   0 n=114 lengths=3,11  # UNSAT 6.0
7c5a2b7acfa6c357 van-der-waerden   0 n=134 lengths=3,12  # SAT 11.6
dd1b1de153bacb4a schur             0 n=45 colours=4  # >25
5782fce5390f14c4 schur             0 n=130 colours=5  # SAT 9.1
ce314fa6625575aa pythagorean       0 n=6800  # SAT 14.5
8ec6c212c4e3a291 pythagorean       0 n=7000  # >25
73a6a90d092bf229 hales-jewett      0 side=4 dimension=7  # SAT 7.9
1cc00f570f2d7fa2 hales-jewett      0 side=3 dimension=8 colours=3  # >25
013e5c7a4ca2c8cd langford          0 n=10  # UNSAT 0.9
3cb4c7be7a1b4856 langford          0 n=13  # >25
f08e529cc1288120 langford          0 n=80  # SAT 2.9
9ab034c498d9ad83 ramsey            0 vertices=14 red=3 blue=5  # >25
0ca8e5ba5ad4ce14 ramsey            0 vertices=22 red=3 blue=7  # SAT 0.6
a23c4deca2a8b491 clique-colouring  0 vertices=9 clique=6 colours=5  # UNSAT 1.9
dc0fa6094c3420e9 clique-colouring  0 vertices=10 clique=5 colours=4  # UNSAT 13.6
608f253e085a3757 pigeonhole        0 pigeons=11 holes=10  # UNSAT 1.8
ada227fc67ae7f3b pigeonhole        0 pigeons=12 holes=11  # >25
bf749978ed0924fc tseitin           1 vertices=90  # UNSAT 7.0
fdbc6d6346171a24 tseitin           1 vertices=20 degree=6  # >25
0b8c954aab5866f8 urquhart          1 side=4  # UNSAT 3.1
9f714172426d3e38 urquhart          1 side=5  # >25
53ef9f108c3b2c5d even-colouring    1 vertices=40  # UNSAT 4.8
d94fea11e4bd3aca parity            1 bits=24  # SAT 4.4
74931e8a6fcb1216 parity            1 bits=28  # >25
408d48b80aec2c32 factoring         1 bits=36  # SAT 3.6
bbeac785a278cf78 factoring         1 bits=42  # SAT 11.2
a35dd47b5e4103c5 factoring         2 bits=40 multiplier=wallace  # SAT 2.8
459a98db21931721 prime             1 bits=32  # UNSAT 2.6
3125e4ab2d5aaec6 prime             1 bits=34 multiplier=wallace  # UNSAT 5.9
38b0bc6582fef2ab miter             1 width=8  # UNSAT 3.2
c0e1111e1a98073e miter             1 width=8 left=wallace  # UNSAT 3.0
91ca22bec9c6b286 miter             1 width=9 right=array  # UNSAT 13.3
e52cd561dcbc962e miter             1 width=32 fault=yes  # SAT 0.1
84e39c46b38a65ca sha1              1 rounds=21  # SAT 15.2
dbef25042495ca82 sha1              1 rounds=80 free=14  # SAT 2.4
1d293250fd4e48dc sha256            1 rounds=18  # >25
0844c7363f1faac9 sha256            1 rounds=64 free=9  # SAT 8.1
6698b06e370951de md5               1 rounds=27  # SAT 1.4
687c0bc8782f99a0 md5               1 rounds=64 free=16  # >25
2bf9294b2cade278 bmc               0 machine=fifo size=4 depth=8 bound=12  # UNSAT 4.3
a19c4fa73513fadf bmc               0 machine=fifo size=8 depth=8 bound=12  # UNSAT 13.7
1dd83050eacd7b7a bmc               0 machine=fifo size=16 depth=32 bound=40 broken=yes  # SAT 0.1
44762de6803c6ed1 bmc               0 machine=multiplier size=8 bound=10  # UNSAT 3.2
bab16a287bcc9d6d sgen-sat          1 variables=120  # SAT 2.6
37b40a6cd8865f49 sgen-unsat        0 variables=65  # UNSAT 10.8
89da66ff8ce2d74c discrepancy          0 n=536  # SAT 1.4
d8c45a4158b02eb5 vmpc                 2 order=23  # SAT 6.9
5151d81fd18b30b7 costas               0 order=18  # SAT 3.1
95fda20d96b98722 frb                  1 variables=30
a5e3a364a9ffaf7d clique               1 vertices=60 size=11
8c9ae3b09bb87ebd hamiltonian          1 vertices=400
47712a6e8a9d2f3b edge-matching        1 side=7 colours=5
6820984db57441a0 mutilated-chessboard 0 side=14  # UNSAT 5.5
da510b2462337da9 social-golfer        0 weeks=8 groups=7  # SAT 5.9
cdd70d0bf1d52586 ordering             0 size=80 degree=3  # UNSAT 1.2
b9a21420cd221f47 subset-cardinality   0 size=22  # UNSAT 1.3
88e23f58354320a4 simon                1 rounds=8 known=44
20d8265c512dd6a3 speck                1 rounds=5 known=32
"""

TABLES: Final = {"smoke": SMOKE, "ci": CI, "families": FAMILIES}
