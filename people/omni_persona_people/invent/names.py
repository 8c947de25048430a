"""Given and family names, by where they are at home.

A person gets a given name of one group and a family name of another: such mixed names are common enough in
life, and they keep clear of well-known people, whose two names nearly always come from one place.
"""

from __future__ import annotations

_FEMALE = """
british: Harriet Imogen Beatrix Tamsin Rowena Edith Philippa Cecily
nordic: Astrid Sigrid Linnea Ragnhild Tuva Solveig Annika Vigdis
germanic: Liesel Gudrun Annelie Mechthild Ottilie Wiebke Tomke Hedwig
romance: Chiara Ximena Graziella Noemie Fiorella Dolores Beatriz Celestine
slavic: Ludmila Zofia Milena Katya Bozena Jadwiga Vesna Radka
african: Amara Ngozi Wanjiru Thandiwe Abena Zola Makena Folake
arabic: Layla Nadia Samira Yasmin Hanan Rabia Salma Zeinab
persian: Shirin Parisa Nasrin Golnar Mahsa Roya Soraya Azadeh
indian: Ananya Meera Lakshmi Priya Kavita Sunita Deepa Radhika
chinese: Meiling Xiuying Lihua Yanmei Jiayi Ruolan Qiaohui Shufen
japanese: Haruka Yukiko Michiko Sayaka Kaori Chihiro Ayumi Noriko
korean: Jiwoo Minseo Haeun Soyeon Eunji Yeeun Seoyun Boram
turkic: Aylin Defne Elif Gulnara Zeynep Nurgul Sevda Dilara
pacific: Leilani Mahina Aroha Tavita Malia Sefina Kalena Ngaire
indigenous: Nayeli Itzel Citlali Inti Wayra Yaretzi Quilla Sayen
hebrew: Tovah Shoshana Yael Dvora Tziporah Adina Keren Hadassah
"""

_MALE = """
british: Rupert Barnaby Alistair Callum Tristan Gareth Fergus Nigel
nordic: Torbjorn Eirik Anders Halvard Lasse Mikkel Oskari Ragnar
germanic: Friedhelm Jannik Konrad Lothar Matthias Ruprecht Till Wolfram
romance: Baptiste Thiago Lorenzo Matteo Joaquim Gaspard Emiliano Renzo
slavic: Zbigniew Miroslav Bogdan Kazimir Ondrej Stanislav Vuk Yaroslav
african: Kwame Chidi Tendai Sipho Oluwaseun Jabari Kofi Mandla
arabic: Tariq Idris Yusuf Khalil Nabil Faisal Rashid Haitham
persian: Farhad Behrouz Kaveh Siavash Mehdi Arash Dariush Navid
indian: Arjun Rohan Vikram Suresh Girish Harish Pranav Manoj
chinese: Jianguo Haoran Zihao Weimin Guowei Yichen Donghai Mingze
japanese: Takeshi Haruto Kenji Satoshi Daisuke Ryota Shinji Naoki
korean: Minjun Seojun Jihoon Donghyun Taeyang Hyunwoo Kyungho Sangmin
turkic: Emre Orhan Kerem Timur Bekzat Aybek Cengiz Ulugbek
pacific: Keanu Tama Sione Manaia Koa Rangi Tevita Wiremu
indigenous: Atl Ollin Cuauhtemoc Yaotl Nahuel Amaru Tonatiuh Lautaro
hebrew: Ezra Lev Boaz Gideon Mordecai Shlomo Asher Zev
"""

_FAMILY = """
british: Pemberton Ashworth Thistlewood Cartwright Penhaligon Braithwaite Fairweather Ormerod Whitlock Garside
nordic: Lindqvist Halvorsen Rasmussen Virtanen Bjornstad Ekholm Thorvaldsen Nyberg Koskinen Aaltonen
germanic: Weissmann Oberholzer Kaltenbach Dreyfuss Vogelsang Steinmetz Hofstetter Achterberg Zimmerli Brandis
romance: Bellarosa Castellanos Montserrat Figueiredo Delacroix Quintanilla Archambault Lombardi Pessoa Verdugo
slavic: Novakova Kowalczyk Dragomir Petrovsky Zielinski Horvat Sokolov Marinkovic Bondarenko Hlavacek
african: Okafor Mbeki Adeyemi Nkosi Wanyama Diallo Mensah Tshabalala Oyelaran Kamau
arabic: Haddad Mansour Khoury Benali Sabbagh Qasim Tawfiq Zaidi Barakat Nasser
persian: Farahani Tehrani Jafari Rostami Ghorbani Moradi Shirazi Bahrami Karimi Zandi
indian: Chakraborty Venkatesan Deshpande Ramaswamy Bhattacharya Kulkarni Iyengar Choudhary Subramaniam Nambiar
chinese: Ouyang Zheng Huang Xiao Situ Zhou Liang Qian Jiang Shangguan
japanese: Tanaka Kobayashi Yoshida Nakagawa Fujimoto Hasegawa Matsuda Ishikawa Shimizu Okamoto
korean: Hwang Seong Namgung Baek Choi Moon Hahm Jeong Yoon Dokgo
turkic: Yildirim Karahan Demirci Aksoy Ozturk Nazarbek Kaplan Tursunov Abdrakhman Celik
pacific: Tuilagi Kahananui Faleolo Parata Ngata Vaipulu Kealoha Tapueluelu Henare Leota
indigenous: Quispe Mamani Huanca Xochitl Nahuelpan Condori Ixtlil Catrileo Tecuapacho Yupanqui
hebrew: Rabinowitz Feldstein Abramov Mizrahi Perlmutter Goldfarb Ashkenazi Lieberman Toledano Benveniste
"""


def _groups(text: str) -> dict[str, tuple[str, ...]]:
    parts = (line.split(":") for line in text.strip().splitlines())
    return {group: tuple(names.split()) for group, names in parts}


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((group, name) for group, names in _groups(text).items() for name in names)


# (group, name) pairs; the groups of the three lists have the same names.
GIVEN_NAMES = {"female": _pairs(_FEMALE), "male": _pairs(_MALE)}
FAMILY_NAMES = _pairs(_FAMILY)
