#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/evaluation_report.h"

namespace freshet::cli {
namespace {

using online::Evaluation;

constexpr double kPanelWidth = 420, kPanelHeight = 280, kLeft = 50, kTop = 60, kGap = 70, kLegendWidth = 150;
// Okabe and Ito's palette, which colour-blind readers can tell apart.
constexpr std::array<const char*, 8> kColours{"#E69F00", "#56B4E9", "#009E73", "#CC79A7",
                                              "#0072B2", "#D55E00", "#999999", "#000000"};

const char* colour_of(std::size_t part, std::size_t parts) {
  return part + 1 == parts ? kColours.back() : kColours[part % (kColours.size() - 1)];
}

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

/// `value(part, tenth)` of every part as lines over the tenths.
template <typename Value>
std::string panel(const Evaluation& evaluation, const char* title, double left, Value value) {
  const std::size_t parts = evaluation.parts().size();
  double highest = 0.05;
  for (std::size_t part = 0; part < parts; ++part) {
    for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) highest = std::max(highest, value(part, tenth));
  }
  const double top = std::min(1.0, highest * 1.08);
  const auto x = [&](std::size_t tenth) {
    return left + kPanelWidth * (static_cast<double>(tenth) + 0.5) / static_cast<double>(Evaluation::kTenths);
  };
  const auto y = [&](double score) { return kTop + kPanelHeight * (1 - score / top); };

  std::string svg =
      fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" font-weight=\"bold\">{}</text>\n", left, kTop - 12, title);
  for (int grid = 0; grid <= 4; ++grid) {
    const double score = top * grid / 4;
    svg += fmt::format(
        "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>"
        "<text x=\"{3:.1f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:.2f}</text>\n",
        left, left + kPanelWidth, y(score), left - 6, y(score) + 4, score);
  }
  for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) {
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n", x(tenth),
                       kTop + kPanelHeight + 18, tenth + 1);
  }
  for (std::size_t part = 0; part < parts; ++part) {
    std::string points;
    for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) {
      points += fmt::format("{:.1f},{:.1f} ", x(tenth), y(value(part, tenth)));
    }
    svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>\n", points,
                       colour_of(part, parts), part + 1 == parts ? 3 : 1.5);
  }
  return svg;
}

}  // namespace

std::string report_svg(const EvaluationRun& run, const Evaluation& evaluation) {
  constexpr std::size_t kAt20 = online::kCutoffs.size() - 1;
  const double second = kLeft + kPanelWidth + kGap;
  const double legend = second + kPanelWidth + 25;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{:.0f}\" y=\"22\" font-size=\"14\">{}: {} scored events, quality by tenth of the stream</text>\n",
      legend + kLegendWidth, kTop + kPanelHeight + 40, kLeft, escape(run.stream), evaluation.scored());
  svg += panel(evaluation, "HR@20", kLeft,
               [&](std::size_t part, std::size_t tenth) { return evaluation.tenth(part, tenth).hit_rate[kAt20]; });
  svg += panel(evaluation, "MRR@20", second,
               [&](std::size_t part, std::size_t tenth) { return evaluation.tenth(part, tenth).mrr[kAt20]; });
  const std::size_t parts = evaluation.parts().size();
  for (std::size_t part = 0; part < parts; ++part) {
    const double y = kTop + 12 + 20 * static_cast<double>(part);
    svg += fmt::format(
        "<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.0f}\" y2=\"{2:.0f}\" stroke=\"{3}\" stroke-width=\"3\"/>"
        "<text x=\"{4:.0f}\" y=\"{5:.0f}\">{6}</text>\n",
        legend, legend + 20, y, colour_of(part, parts), legend + 28, y + 4, escape(evaluation.parts()[part]));
  }
  return svg + "</svg>\n";
}

}  // namespace freshet::cli
