"""What the plots of bench and soak are drawn with: text, axes, a page."""

from xml.sax.saxutils import escape

WIDTH = 640
LEFT, RIGHT = 72, 24
FONT = 'font-family="sans-serif" font-size="12" fill="#222"'


def text(x, y, words, anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}'
            f' {more}>{escape(words)}</text>')


def rule(y, label):
    """A horizontal line of the grid, with what it stands for."""
    return (f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}"'
            f' y2="{y:.1f}" stroke="#ddd"/>' + text(LEFT - 8, y + 4, label,
                                                    "end"))


def curve(points, colour):
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (f'<polyline points="{line}" fill="none" stroke-width="2"'
            f' stroke="{colour}"/>')


def page(title, facts, colours, body, height):
    """`colours` is the legend; `facts` say on what and when it was taken."""
    legend = "".join(
        f'<rect x="{LEFT + 90 * i}" y="32" width="12" height="12"'
        f' fill="{colours[of]}"/>'
        + text(LEFT + 90 * i + 18, 42, of, "start")
        for i, of in enumerate(colours))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}"'
            f' height="{height}" viewBox="0 0 {WIDTH} {height}">'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
            + text(LEFT, 20, title, "start", 'font-weight="bold"') + legend
            + body + text(LEFT, height - 8, facts, "start",
                          'style="font-size:10px"') + "</svg>\n")
