"""People's texts as HTML: what they meant stands there, and nothing acts."""

import pytest

from incidents.texts import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\nTwo.\n\nThree.", "<p>One.<br />\nTwo.</p>\n<p>Three.</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("```\n<b>log</b>\n```", "<pre><code>&lt;b&gt;log&lt;/b&gt;\n</code></pre>\n"),
        ("# not a heading", "<p># not a heading</p>\n"),
        ("**strong** and __init__.py", "<p><strong>strong</strong> and __init__.py</p>\n"),
        (r"C:\temp\*.log", "<p>C:\\temp\\*.log</p>\n"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"),
        (
            "[a](https://x.example/b_c_d)",
            '<p><a href="https://x.example/b_c_d" rel="noopener noreferrer nofollow">a</a></p>\n',
        ),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>\n"),
        (
            "![a](https://x.example/i.png)",
            '<p>!<a href="https://x.example/i.png" rel="noopener noreferrer nofollow">a</a></p>\n',
        ),
        ("西部数据中心仍有一半的门店失败。", "<p>西部数据中心仍有一半的门店失败。</p>\n"),
    ],
)
def test_what_is_written_is_shown(text, html):
    assert as_html(text) == html


def test_nothing_is_left_out_however_deep_it_nests():
    text = ">" * 30 + " BEGIN LOG\nthe important <error>"
    assert as_html(text) == (f"<pre>{'&gt;' * 30} BEGIN LOG\nthe important &lt;error&gt;</pre>")
