#include "daemon/report/style.h"

namespace tocsin::daemon {

std::string_view report_style() noexcept {
  return R"css(
:root{color-scheme:light dark;--paper:#fff;--sheet:#f4f6f8;--ink:#18212b;--soft:#54616f;--line:#d9dfe5;--accent:#0b5c8a;
--b0:#8a97a6;--b1:#3f8fc4;--b2:#d3a51c;--b3:#d96a1d;--b4:#b3202c;--good:#1d7a46}
@media (prefers-color-scheme:dark){:root{--paper:#151b22;--sheet:#0e1318;--ink:#e6ebf0;--soft:#9aa8b6;--line:#2b3641;
--accent:#6cb8e6;--b0:#7d8b9a;--b1:#58a6da;--b2:#e0b83f;--b3:#ee8a45;--b4:#ee5a63;--good:#52c088}}
*{box-sizing:border-box}
body{margin:0;background:var(--sheet);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",
sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1060px;margin:0 auto;padding:32px 24px 64px}
header{border-top:6px solid var(--accent);padding:20px 0 8px}
h1{font-size:30px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:19px;margin:0 0 14px}
h3{font-size:16px;margin:0}
p{margin:0 0 10px}
.soft{color:var(--soft)}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:20px 22px;margin-top:18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:18px}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:28px;line-height:1.15;font-weight:650}
.tile span{color:var(--soft);font-size:13px}
.tile.warn{border-color:var(--b3)}.tile.warn b{color:var(--b3)}
table{border-collapse:collapse;width:100%;font-size:14px}
thead th{border-bottom:1px solid var(--line)}
caption{text-align:left;color:var(--soft);padding-bottom:6px}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600;color:var(--soft);font-size:12.5px;white-space:nowrap}
tbody th{color:var(--ink);font-size:14px;font-weight:500;white-space:normal}
tbody tr:last-child>td,tbody tr:last-child>th{border-bottom:0}
td.n,th.n{text-align:right;padding-right:16px}
code,.mono{font:13px/1.45 ui-monospace,"Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;overflow-wrap:anywhere}
.columns{margin-top:22px;display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:8px 32px}
.chart{width:100%;height:auto;display:block}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .axis{fill:var(--soft);font-size:12px}
.band-0{fill:var(--b0)}.band-1{fill:var(--b1)}.band-2{fill:var(--b2)}.band-3{fill:var(--b3)}.band-4{fill:var(--b4)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:8px 0 0;padding:0;list-style:none;font-size:13px;color:var(--soft)}
.legend svg{width:11px;height:11px;margin-right:6px}
.badge{display:inline-block;min-width:34px;text-align:center;border-radius:6px;padding:1px 8px;font-weight:650;font-size:13px;
color:#fff;background:var(--b0)}
.badge.s1{background:#2f7fb5}.badge.s2{background:#8a6a00}.badge.s3{background:#b8520c}.badge.s4{background:#b3202c}
.status{border:1px solid var(--line);border-radius:6px;padding:1px 8px;font-size:13px;color:var(--soft)}
article{border-top:1px solid var(--line);padding:16px 0}
h2+article{border-top:0;padding-top:0}
.head{display:flex;flex-wrap:wrap;gap:8px 12px;align-items:baseline;margin-bottom:6px}
details summary{cursor:pointer;color:var(--accent);font-size:14px;margin:6px 0}
.timeline{list-style:none;margin:10px 0 6px 4px;padding:0 0 0 18px;border-left:2px solid var(--line)}
.timeline li{position:relative;padding:0 0 10px;font-size:14px;overflow-wrap:anywhere}
.timeline li::before{content:"";position:absolute;left:-24px;top:7px;width:9px;height:9px;border-radius:50%;
background:var(--soft);border:2px solid var(--paper)}
.timeline li.alert::before{background:var(--b4)}.timeline li.state::before{background:var(--accent)}
.timeline li.playbook::before{background:var(--good)}
.timeline time{color:var(--soft);font-size:13px;margin-right:8px;white-space:nowrap}
.timeline .kind{font-weight:600;margin-right:6px}
.exercise{border-left:6px solid var(--b2);background:var(--paper);padding:10px 16px;margin-top:14px;border-radius:6px}
.bad{color:var(--b4);font-weight:600}.good{color:var(--good);font-weight:600}
footer{color:var(--soft);font-size:13px;margin-top:22px}
@media print{:root{--sheet:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb}
@page{margin:16mm 14mm}
body{font-size:10.5pt}main{max-width:none;padding:0}section,.tile{border-radius:0}
section{border-width:1px 0 0;padding:12px 0;break-inside:auto}
article,tr,.tile,.chart{break-inside:avoid}h2,h3{break-after:avoid}
details summary{list-style:none;color:var(--soft)}
.badge,.band-0,.band-1,.band-2,.band-3,.band-4{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";
}

}  // namespace tocsin::daemon
