// Package chart draws what was found, so that a person reads it off at a glance: as SVG for
// pages and as PNG for messages. It knows no model and no rule, only what is drawn: numbers,
// times, names, and a State for each datum.
//
// Its terms:
//
//   - A Chart is one picture: a Trend over windows, a Spark, a HeatMap, an Overlay of two
//     distributions, a Density, Bars, Dots, Curves, a Matrix or a Gauge. Its Title says what it
//     shows ("RMSE rose from 1.4 to 1.9; limit 1.68"), its Desc is one more sentence for those
//     who don't see it.
//   - A number that there is not is NaN. Infinite numbers are left out in the same way.
//   - A datum is one value that is drawn. In SVG it carries the exact number in attributes
//     data-..., which charttest.Read reads back.
//   - A Table is the same data as text, for below the picture.
//   - The theme is in theme.go: colours by name, light and dark.
//
// Begin at SVG, Responsive and PNG.
package chart
