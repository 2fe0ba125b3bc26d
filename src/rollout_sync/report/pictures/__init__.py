"""Pictures: charts as SVG that follow the page's colours, and the same as PNG for mails.

Everything that is drawn here is a value first (`rows`, `ticks`); matplotlib only puts it on paper.
"""
