-- How reports look: on a phone, on a screen, dark and light, on paper. Nothing is fetched from anywhere.
CREATE FUNCTION segmentation._report_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT $css$
:root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --quiet: #57606a; --edge: #d0d7de; --track: #eaeef2; --blue: #1f5fae; --came: #1a7f4b; --gone: #b3441f; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --text: #e6e9ec; --quiet: #a5adb6; --edge: #3a4149; --track: #262c32; --blue: #7fb2f5; --came: #5ccb93; --gone: #f59a78; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--edge); font-size: 1.25rem; }
h3 { margin: 0; font-size: 1rem; }
p { margin: .25rem 0 1rem; max-width: 45rem; }
.quiet { color: var(--quiet); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; padding: 0; }
.tiles div { border: 1px solid var(--edge); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { color: var(--quiet); font-size: .875rem; }
.tiles dd { margin: 0; font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; align-items: start; }
.cards { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.card { border: 1px solid var(--edge); border-radius: .5rem; padding: .75rem; }
.card p { margin: 0 0 .5rem; }
@media (min-width: 56rem) {
  .pair { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
  .cards { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
@media (min-width: 36rem) and (max-width: 55.99rem) {
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .pair > svg { max-width: 30rem; }
}
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; unicode-bidi: isolate; }
svg .small { font-size: 10.5px; }
svg .strong { font-weight: 600; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
.bar, .point { fill: var(--blue); }
.track { fill: var(--track); }
.came { fill: var(--came); }
.gone { fill: var(--gone); }
.line { fill: none; stroke: var(--blue); stroke-width: 2; stroke-linejoin: round; }
.area { fill: var(--blue); fill-opacity: .15; }
.axis { stroke: var(--quiet); stroke-width: 1; }
.grid { stroke: var(--edge); stroke-width: 1; stroke-dasharray: 3 3; }
.cell { fill: var(--blue); stroke: var(--edge); stroke-width: .5; }
.same { fill: var(--track); }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--edge); text-align: left; vertical-align: top; font-weight: 400; }
thead th { font-weight: 600; vertical-align: bottom; }
th[scope=row], td:not(.figure) { min-width: 7rem; }
.figure { text-align: right; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
td.figure { white-space: nowrap; }
@media (max-width: 35.99rem) { table { font-size: .8125rem; } th, td { padding: .3rem .2rem; } th[scope=row], td:not(.figure) { min-width: 6rem; } }
ol.names { padding-left: 2rem; columns: 15rem; font-size: .875rem; margin: 0; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--edge); color: var(--quiet); font-size: .875rem; }
@media print {
  :root { color-scheme: light; --page: #ffffff; --text: #000000; --quiet: #444444; --edge: #bbbbbb; --track: #eeeeee; --blue: #1f5fae; --came: #1a7f4b; --gone: #b3441f; }
  @page { margin: 15mm; }
  body { padding: 0; max-width: none; font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
  section, .card, .tiles div, tr { break-inside: avoid; }
  section.long { break-inside: auto; }
  .pair { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 1rem; }
  table { font-size: 8pt; }
  th, td { padding: .15rem .25rem; }
  th[scope=row], td:not(.figure) { min-width: 3.5rem; }
  .cards { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .table { overflow: visible; }
}
$css$
$$;
