// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "cli/evaluate/evaluation_report.h"

namespace freshet::cli {
namespace {

using online::Evaluation;
using online::RankingScores;

constexpr std::size_t kAt20 = online::kCutoffs.size() - 1;

// In SVG user units.
constexpr double kMargin = 24, kAxisWidth = 34, kPanelWidth = 430, kPanelHeight = 280, kPanelTop = 92, kGap = 36;
constexpr double kLegendWidth = 240, kLegendRow = 22, kSwatch = 26, kAxisHeight = 52;

constexpr const char* kInk = "#222222";
constexpr const char* kFaint = "#6b6b6b";
// The palette of Okabe and Ito, distinguishable for color-blind readers; black is for the blend.
constexpr std::array<const char*, 7> kColors{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                             "#56B4E9", "#E69F00", "#999999"};
constexpr std::array<const char*, 3> kDashes{"", "7 3", "2 3"};  // for more parts than colors

struct Style {
  const char* color;
  const char* dashes;
  double width;
};

Style style_of(std::size_t part, std::size_t parts) {
  if (part + 1 == parts) return {"#000000", "", 3};
  return {kColors[part % kColors.size()], kDashes[part / kColors.size() % kDashes.size()], 1.8};
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '&': out += "&amp;"; break;
      default: out += c;
    }
  }
  return out;
}

/// Keeps the end of a long list of files: the beginnings are often the same.
std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 90;
  return text.size() <= kShown ? text : "..." + text.substr(text.size() - kShown);
}

std::string text_at(double x, double y, const std::string& attributes, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, const std::string& attributes) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1, x2, y2,
                     attributes);
}

std::string stroke(const Style& style) {
  return fmt::format(
      "stroke=\"{}\" stroke-width=\"{}\" stroke-dasharray=\"{}\" stroke-linejoin=\"round\" fill=\"none\"", style.color,
      style.width, style.dashes);
}

/// 1, 2 or 5 times a power of ten, such that at most eight steps reach `highest`.
double round_step(double highest) {
  const double power = std::pow(10, std::floor(std::log10(highest)));
  for (const double factor : {0.1, 0.2, 0.5}) {
    if (highest / (power * factor) <= 8) return power * factor;
  }
  return power;
}

/// What is on the horizontal axis of a chart.
struct Axis {
  const char* title;
  std::vector<std::string> marks;
};

/// A chart of `value(part, mark)`: one line per part over the marks of the axis.
template <typename Value>
std::string panel(const Evaluation& evaluation, const char* title, const Axis& axis, double left, Value value) {
  const std::size_t marks = axis.marks.size();
  const std::size_t parts = evaluation.parts().size();
  double highest = 0.01;
  for (std::size_t part = 0; part < parts; ++part) {
    for (std::size_t mark = 0; mark < marks; ++mark) highest = std::max(highest, value(part, mark));
  }
  const double step = round_step(highest);
  const double steps = std::ceil(highest / step);
  const auto x = [&](std::size_t mark) {
    return left + kPanelWidth * (static_cast<double>(mark) + 0.5) / static_cast<double>(marks);
  };
  const auto y = [&](double score) { return kPanelTop + kPanelHeight * (1 - score / (step * steps)); };
  const double bottom = kPanelTop + kPanelHeight;

  std::string svg = text_at(left, kPanelTop - 14, "font-weight=\"bold\"", title);
  for (double grid = 0; grid <= steps; ++grid) {
    const double score = step * grid;
    const std::string color = grid == 0 ? kFaint : "#e4e4e4";
    svg += line(left, y(score), left + kPanelWidth, y(score), "stroke=\"" + color + "\"");
    svg += text_at(left - 7, y(score) + 4, fmt::format("text-anchor=\"end\" fill=\"{}\"", kFaint),
                   fmt::format("{:.{}f}", score, step < 0.01 ? 3 : 2));
  }
  for (std::size_t mark = 0; mark < marks; ++mark) {
    svg += text_at(x(mark), bottom + 18, fmt::format("text-anchor=\"middle\" fill=\"{}\"", kFaint), axis.marks[mark]);
  }
  svg += text_at(left + kPanelWidth / 2, bottom + 38, fmt::format("text-anchor=\"middle\" fill=\"{}\"", kFaint),
                 axis.title);
  for (std::size_t part = 0; part < parts; ++part) {
    const Style style = style_of(part, parts);
    std::string points, dots;
    for (std::size_t mark = 0; mark < marks; ++mark) {
      const double at_x = x(mark), at_y = y(value(part, mark));
      points += fmt::format("{:.1f},{:.1f} ", at_x, at_y);
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>", at_x, at_y, style.width + 0.7,
                          style.color);
    }
    svg += "<polyline points=\"" + points + "\" " + stroke(style) + "/>\n" + dots + "\n";
  }
  return svg;
}

/// Parts by their quality in the last tenth, so in the order in which their lines end.
std::string legend(const Evaluation& evaluation, double left) {
  const std::size_t parts = evaluation.parts().size();
  const auto last = [&](std::size_t part) { return evaluation.tenth(part, Evaluation::kTenths - 1); };
  std::vector<std::size_t> order(parts);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return last(a).mrr[kAt20] > last(b).mrr[kAt20]; });

  const double hit_rate = left + kLegendWidth - 60, mrr = left + kLegendWidth;
  const std::string figure = fmt::format("text-anchor=\"end\" fill=\"{}\"", kFaint);
  std::string svg = text_at(left, kPanelTop - 14, "font-weight=\"bold\"", "last tenth");
  svg += text_at(hit_rate, kPanelTop - 14, figure, "HR@20") + text_at(mrr, kPanelTop - 14, figure, "MRR@20");
  double y = kPanelTop + 8;
  for (const std::size_t part : order) {
    const bool blend = part + 1 == parts;
    const RankingScores scores = last(part);
    svg += line(left, y, left + kSwatch, y, stroke(style_of(part, parts)));
    svg += text_at(left + kSwatch + 8, y + 4, blend ? "font-weight=\"bold\"" : "", evaluation.parts()[part]);
    svg += text_at(hit_rate, y + 4, "text-anchor=\"end\"", fmt::format("{:.3f}", scores.hit_rate[kAt20]));
    svg += text_at(mrr, y + 4, "text-anchor=\"end\"", fmt::format("{:.3f}", scores.mrr[kAt20]));
    y += kLegendRow;
  }
  return svg;
}

}  // namespace

std::string report_svg(const EvaluationRun& run, const Evaluation& evaluation) {
  const double first = kMargin + kAxisWidth;
  const double second = first + kPanelWidth + kGap + kAxisWidth;
  const double third = second + kPanelWidth + kGap + kAxisWidth;
  const double after_panels = (run.has_catalogue ? third : second) + kPanelWidth + kGap;
  const double width = after_panels + kLegendWidth + kMargin;
  const double legend_height = kLegendRow * static_cast<double>(evaluation.parts().size());
  const double height = kPanelTop + std::max(kPanelHeight + kAxisHeight, legend_height + kMargin);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"12\" fill=\"{2}\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      width, height, kInk);
  const double unseen =
      100.0 * static_cast<double>(evaluation.unseen()) / std::max(1.0, static_cast<double>(evaluation.scored()));
  svg += text_at(kMargin, 28, "font-size=\"15\" font-weight=\"bold\"", shortened(run.stream));
  svg += text_at(kMargin, 46, fmt::format("fill=\"{}\"", kFaint),
                 fmt::format("{} of {} events scored; {:.1f} % of targets never seen before", evaluation.scored(),
                             run.events, unseen));
  Axis tenths{"tenth of the scored events", {}};
  for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) tenths.marks.push_back(std::to_string(tenth + 1));
  svg += panel(evaluation, "HR@20", tenths, first,
               [&](std::size_t part, std::size_t tenth) { return evaluation.tenth(part, tenth).hit_rate[kAt20]; });
  svg += panel(evaluation, "MRR@20", tenths, second,
               [&](std::size_t part, std::size_t tenth) { return evaluation.tenth(part, tenth).mrr[kAt20]; });
  if (run.has_catalogue) {
    const Axis clicks{"earlier clicks of the target", {online::kPriorClicks.begin(), online::kPriorClicks.end()}};
    svg += panel(evaluation, "HR@20 of the whole stream", clicks, third, [&](std::size_t part, std::size_t prior) {
      return evaluation.scores(part, {.prior_clicks = prior}).hit_rate[kAt20];
    });
  }
  return svg + legend(evaluation, after_panels) + "</svg>\n";
}

}  // namespace freshet::cli
