// SPDX-License-Identifier: Apache-2.0
// A log as `freshet ope` reads it: the column list on the first line ("+": the usual columns, or the file's own first
// line names them), then the file, which may be TSV, CSV or JSON lines, plain, gzip or Zstandard. What is read is
// evaluated, too.

#include "cli/off_policy/feedback_log.h"

#include <cmath>

#include "online/measure/off_policy/off_policy.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static const fuzz::MemoryFile file;
  std::string_view bytes = fuzz::to_view(data, size);
  const std::string columns(fuzz::take_line(bytes));
  cli::FeedbackFormat format;
  format.candidate = "candidate";
  if (columns != "+") {
    auto parsed = cli::parse_feedback_columns(columns, format);
    if (!parsed) return 0;
    format.columns = *std::move(parsed);
  } else {
    format.candidate.clear();
  }
  file.write(bytes);
  const auto log = cli::read_feedback_log({file.path()}, format);
  if (!log) return 0;
  std::size_t rounds = 0;
  for (const online::LoggedList& list : log->lists) {
    FRESHET_CHECK(list.rounds > 0 && list.first_round == rounds);
    rounds += list.rounds;
  }
  FRESHET_CHECK(rounds == log->rounds.size());
  online::OffPolicyOptions options;
  options.resamples = 2;
  options.min_effective = 1;
  options.max_uncovered = 1;
  options.recorded_candidate = !format.candidate.empty();
  const auto candidate =
      options.recorded_candidate ? online::make_recorded_policy() : online::make_uniform_policy(*log);
  const auto result = online::estimate_off_policy(*log, *candidate, options);
  FRESHET_CHECK(result.refusals.empty() != result.estimates.empty());
  return 0;
}
