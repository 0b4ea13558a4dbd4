"""The pages of the house as a tree of tags, read back from their HTML: what a layout other than a browser's needs."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Node", "tree_of"]

_BELOW, _LINE = ("small", "dt"), "\v"
_VOID = ("meta", "img", "br", "link", "hr", "col")


@dataclass(slots=True)
class Node:
    """A tag with its attributes, and what stands in it: text and tags."""

    tag: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    @property
    def classes(self) -> str:
        """Its class attribute."""
        return self.attributes.get("class", "")

    def all(self, *tags: str) -> list["Node"]:
        """Return the tags of these names below it, in their order; inside one of them is not looked."""
        found: list[Node] = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.tag in tags else child.all(*tags)
        return found

    def find(self, tag: str) -> "Node":
        """Return the first tag of that name below it, an empty one where there is none."""
        return next(iter(self.all(tag)), Node(tag))

    def text(self) -> str:
        """Return all text in it, white space made one blank."""
        pieces = [child if isinstance(child, str) else f" {child.text()} " for child in self.children]
        return " ".join("".join(pieces).split()).replace(" ,", ",").replace(" .", ".")

    def lines(self) -> str:
        """Return all text in it, a line for what stands below the rest: units and intervals, questions with answers."""
        return "\n".join(line for piece in self._pieces().split(_LINE) if (line := " ".join(piece.split())))

    def _pieces(self) -> str:
        made = (child if isinstance(child, str) else f" {child._pieces()} " for child in self.children)
        return f"{_LINE if self.tag in _BELOW else ''}{''.join(made)}"


class _Reader(HTMLParser):
    """Builds the tree; tags of pages that templates made are closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node()
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in (one.tag for one in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def tree_of(page: str) -> Node:
    """Return the tree of an HTML page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.root
