"""Pages read back as a tree: every tag and every word, in their order."""

from nowake.tca.page_tree import tree_of

PAGE = """<!doctype html><html><head><title>A &amp; B</title><meta charset="utf-8"><style>p { x: y }</style></head>
<body><main><h1>Head</h1><p class="note">One <strong>two</strong>,
three.</p><figure><img alt="" src="data:,x"><figcaption>Under</figcaption></figure>
<ul><li>first</li><li>second</li></ul>
<table><caption>Rows</caption><tr><th>a</th><td class="n">1<small>2</small></td></tr></table></main></body></html>"""


def test_tags_and_words_come_back_in_their_order() -> None:
    root = tree_of(PAGE)
    main = root.find("main")
    assert [child.tag for child in main.children if not isinstance(child, str)] == ["h1", "p", "figure", "ul", "table"]
    assert root.find("title").text() == "A & B"
    assert (main.find("p").text(), main.find("p").classes) == ("One two, three.", "note")
    assert main.find("img").attributes == {"alt": "", "src": "data:,x"}
    assert [one.text() for one in main.all("li")] == ["first", "second"]
    assert [(one.tag, one.classes, one.text()) for one in main.all("th", "td")] == [("th", "", "a"), ("td", "n", "1 2")]


def test_what_stands_below_has_a_line_of_its_own() -> None:
    cell = tree_of("<td><b>+1.2</b> bp\n<small>-1 to\n +3</small><dl><dt>Why</dt> <dd>so</dd></dl></td>").find("td")
    assert cell.lines() == "+1.2 bp\n-1 to +3\nWhy so"
    assert cell.text() == "+1.2 bp -1 to +3 Why so"


def test_what_is_not_there_is_empty() -> None:
    node = tree_of("<p>alone</p>").find("table")
    assert (node.tag, node.children, node.text(), node.all("tr")) == ("table", [], "", [])
