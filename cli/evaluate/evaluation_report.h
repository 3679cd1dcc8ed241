// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "online/measure/calibration.h"
#include "online/measure/evaluation.h"

namespace freshet::cli {

/// What a report says about a run of `freshet evaluate`, beside its Evaluation.
struct EvaluationRun {
  std::string stream;             ///< names of the files
  std::size_t events = 0;         ///< read from them
  std::size_t skipped_lines = 0;  ///< lines that are not events
  std::size_t out_of_order = 0;   ///< events with a time before that of an earlier event
  std::size_t items = 0;          ///< distinct items at the end
  double seconds = 0;
  std::size_t peak_rss_bytes = 0;
  std::uint64_t seed = 0;
  std::size_t skipped_items = 0;  ///< lines of the catalogue that are not items
  bool has_catalogue = false;  ///< the report then also has the figures by how often a target had been clicked before
  std::vector<std::pair<std::string, online::Calibration>> calibration;  ///< at the end, of parts that predict clicks

  double events_per_second() const { return seconds > 0 ? static_cast<double>(events) / seconds : 0; }
};

/// The report as JSON. The format is documented in docs/evaluate.md and stable.
std::string report_json(const EvaluationRun& run, const online::Evaluation& evaluation);

/// The report as text: a table of all tenths per part, then a summary of all parts.
std::string report_text(const EvaluationRun& run, const online::Evaluation& evaluation);

/// HR and MRR at 20 of every part over the tenths of the stream, and with a catalogue HR over how often the target had
/// been clicked before, as an SVG image.
std::string report_svg(const EvaluationRun& run, const online::Evaluation& evaluation);

}  // namespace freshet::cli
