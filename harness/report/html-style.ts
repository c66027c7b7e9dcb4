/** The page's only style sheet. Colours are pairs for light and dark; everything else follows from them. */
export const pageStyle = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d5dae0;--soft:#f4f6f8;
--good:#1a7f37;--bad:#c4202b;--wait:#8f5d00;--link:#0a5cc2;
--bar-calm:#dfe5ec;--bar-good:#b8e3c4;--bar-busy:#bcd7fb;--bar-bad:#f6c1c4;--bar-note:#f7dca3;
--dot-calm:#8a94a0;--dot-good:#1a7f37;--dot-busy:#0a5cc2;--dot-bad:#c4202b;--dot-note:#b07400}
@media (prefers-color-scheme:dark){:root{--bg:#0f1419;--fg:#e3e8ee;--dim:#9aa5b1;--line:#303842;--soft:#182029;
--good:#56c271;--bad:#ff7b80;--wait:#e0ad4b;--link:#78b1ff;
--bar-calm:#2b3540;--bar-good:#1d4a2b;--bar-busy:#1c3f6b;--bar-bad:#6b2529;--bar-note:#59430f;
--dot-calm:#76828f;--dot-good:#56c271;--dot-busy:#78b1ff;--dot-bad:#ff7b80;--dot-note:#e0ad4b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,footer{max-width:1180px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.5rem;margin:0 0 4px}
h2{font-size:1.2rem;margin:36px 0 12px}
h3{font-size:1.1rem;margin:0 0 4px}
h4{font-size:.95rem;margin:20px 0 6px}
p{margin:4px 0}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible,pre:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-9999px}
.skip:focus{left:8px;top:8px;background:var(--bg);padding:8px;z-index:2}
.outcome{font-size:1.1rem;font-weight:600;padding:12px 16px;border-radius:8px;background:var(--soft);border-left:6px solid var(--dim);margin:14px 0;overflow-wrap:anywhere}
.outcome.exit-0{border-color:var(--good)}.outcome.exit-1{border-color:var(--bad)}.outcome.exit-2{border-color:var(--wait)}
dl.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:8px 24px;margin:16px 0}
dl.facts dt{color:var(--dim);font-size:.8rem}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.group{border:1px solid var(--line);border-radius:8px;margin:8px 0;background:var(--bg)}
.group>summary{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;padding:10px 14px;cursor:pointer;list-style-position:inside}
.group>summary::before{content:"▸";color:var(--dim)}
.group[open]>summary::before{content:"▾"}
.group>summary::-webkit-details-marker{display:none}
.group>summary strong{flex:1 1 220px}
.counts{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:.85rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
.group table{border-top:1px solid var(--line)}
td,th{padding:6px 14px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--dim);font-size:.8rem}
td.id,td.time{white-space:nowrap;font-variant-numeric:tabular-nums}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
.pass{color:var(--good)}.fail{color:var(--bad)}.inconclusive{color:var(--wait)}.not-exercised,.not-applicable,.dim{color:var(--dim)}
.verdict{font-weight:600;white-space:nowrap}
.finding{border:1px solid var(--line);border-top:4px solid var(--bad);border-radius:8px;padding:18px 20px;margin:16px 0;scroll-margin-top:8px}
.finding.known,.finding.should{border-top-color:var(--wait)}
.badge{display:inline-block;font-size:.75rem;font-weight:700;padding:1px 8px;border-radius:10px;border:1px solid currentColor;vertical-align:2px;margin-right:6px}
.compare{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:12px;margin:16px 0}
.compare div{background:var(--soft);border-radius:6px;padding:10px 14px;border-left:4px solid var(--good);overflow-wrap:anywhere}
.compare div+div{border-color:var(--bad)}
.compare dt{font-size:.8rem;color:var(--dim)}.compare dd{margin:0}
ol,ul{margin:6px 0;padding-left:26px}li{overflow-wrap:anywhere;margin:2px 0}
li b{font-weight:600;color:var(--dim);font-variant-numeric:tabular-nums;margin-right:6px}
ol.steps,ul.disturbances{list-style:none;padding-left:2px}
pre{background:var(--soft);border-radius:6px;padding:10px 14px;overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0}
.timeline{display:flex;border:1px solid var(--line);border-radius:6px;background:var(--bg);overflow:hidden}
.timeline .labels{flex:none;border-right:1px solid var(--line);background:var(--soft)}
.scroll{overflow-x:auto;flex:1 1 auto;min-width:0}
svg{display:block;font:11px system-ui,sans-serif;fill:var(--fg)}
svg text.lane{fill:var(--dim)}
svg text.group{font-weight:600}
svg line.group{stroke:var(--line);stroke-width:1}
svg line.tick{stroke:var(--line);stroke-dasharray:1 5}svg text.tick{fill:var(--dim);font-size:10px}
.span.tone-calm rect{fill:var(--bar-calm)}.span.tone-good rect{fill:var(--bar-good)}.span.tone-busy rect{fill:var(--bar-busy)}
.span.tone-bad rect{fill:var(--bar-bad)}.span.tone-note rect{fill:var(--bar-note)}
.point rect,.point circle{stroke:var(--bg);stroke-width:1.5}.point text{fill:var(--bg);font-weight:600;font-size:10.5px}
.point.tone-calm>*{fill:var(--dot-calm)}.point.tone-good>*{fill:var(--dot-good)}.point.tone-busy>*{fill:var(--dot-busy)}
.point.tone-bad>*{fill:var(--dot-bad)}.point.tone-note>*{fill:var(--dot-note)}
.point>text{fill:var(--bg)!important}
.violation line{stroke:var(--bad);stroke-width:2}.violation text{fill:var(--bad);font-weight:700;font-size:12px}
.legend{font-size:.8rem;color:var(--dim);margin:6px 0}
.key{display:inline-block;width:12px;height:12px;border-radius:3px;vertical-align:-1px;margin:0 4px 0 10px}
.key.good{background:var(--bar-good)}.key.calm{background:var(--bar-calm)}.key.busy{background:var(--bar-busy)}.key.bad{background:var(--bar-bad)}.key.note{background:var(--bar-note)}
details.more{margin:10px 0}details.more>summary{cursor:pointer;font-weight:600}
.events td{padding:3px 10px;overflow-wrap:anywhere}.events td.time{width:1%;overflow-wrap:normal}
h1,h3,h4,p,dd,summary,td{overflow-wrap:anywhere}
.events tr.violated td{color:var(--bad);font-weight:600}
footer{color:var(--dim);font-size:.85rem;padding-top:20px;padding-bottom:40px}
@media (max-width:640px){body{font-size:15px}main,header,footer{padding-left:12px;padding-right:12px}.finding{padding:14px 12px}
td,th{padding:6px 8px}.hide-narrow{display:none}}
@media print{details:not([open])>*{display:block}.scroll{overflow:visible}}
`;
