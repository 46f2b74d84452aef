"""How a page of a link looks: on a phone, light and dark."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--page:#fbfbfa;--pane:#fff;--ink:#16191d;--soft:#545c66;--line:#cfd2d0;--act:#1f6feb;--on:#fff;
  --bad:#c4281c;--badpane:#fce7e4}
@media (prefers-color-scheme:dark){:root{--page:#0f1113;--pane:#15181b;--ink:#eceef0;--soft:#aab2bb;--line:#3a4149;
  --act:#6aa5ff;--on:#0f1113;--bad:#ff7b6e;--badpane:#34191a}
}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/24px system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:36rem;margin:0 auto;padding:16px 16px 48px}
h1{font-size:20px;line-height:28px;margin:4px 0 16px;white-space:pre-wrap}
h2{font-size:13px;line-height:20px;margin:16px 0 4px;color:var(--soft);font-weight:550}
p{margin:0 0 12px}
.soft{color:var(--soft);font-size:13px;line-height:20px}
dl,pre,ul.said{margin:0 0 16px;padding:12px;background:var(--pane);border:1px solid var(--line);border-radius:8px}
dt{color:var(--soft);font-size:13px;line-height:20px}
dd{margin:0 0 8px;white-space:pre-wrap}
dd:last-child{margin:0}
pre{font:13px/20px ui-monospace,monospace;white-space:pre-wrap;max-height:24rem;overflow:auto}
ul.said{list-style:none}
.field{margin:0 0 16px}
label{display:block;font-weight:550}
input:not([type=checkbox]),select,textarea{display:block;width:100%;min-height:44px;padding:8px 10px;font:inherit;
  color:inherit;background:var(--pane);border:1px solid var(--line);border-radius:8px}
input[type=checkbox]{width:24px;height:24px;margin:0 8px 0 0;vertical-align:middle}
:focus-visible{outline:2px solid var(--act);outline-offset:2px}
[aria-invalid]{border-color:var(--bad)!important}
.wrong{color:var(--bad)}
.alert{padding:12px;background:var(--badpane);border:1px solid var(--bad);border-radius:8px}
.ways{display:flex;flex-wrap:wrap;gap:12px}
button{flex:1 1 8rem;min-height:48px;padding:8px 16px;font:inherit;font-weight:550;color:var(--ink);background:var(--pane);
  border:1px solid var(--line);border-radius:8px}
button.main{color:var(--on);background:var(--act);border-color:var(--act)}
"""
