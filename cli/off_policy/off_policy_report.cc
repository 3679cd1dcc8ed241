// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/off_policy_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "serve/routing/json.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;
using online::Interval;
using online::OffPolicyEstimate;
using online::OffPolicyResult;

json::value interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {interval->low, interval->high};
}

std::string interval_text(const std::optional<Interval>& interval, const char* format) {
  return interval ? fmt::format(fmt::runtime(format), interval->low, interval->high) : "-";
}

std::string lambda_text(double lambda) { return std::isinf(lambda) ? "infinite" : fmt::format("{:g}", lambda); }

std::string estimates_table(const OffPolicyRun& run, const OffPolicyResult& result) {
  const std::string level = fmt::format("{:g} %", 100 * run.level);
  std::string text = fmt::format("\n{:<16}{:>10}{:>24}{:>24}{:>26}\n", "reward per list", "value", level + " bootstrap",
                                 level + " anytime-valid", "minus logged");
  text += fmt::format("{:<16}{:>10.6f}{:>24}\n", "logged", result.logged_value,
                      interval_text(result.logged, "{:.6f} .. {:.6f}"));
  for (const OffPolicyEstimate& estimate : result.estimates) {
    text += fmt::format("{:<16}{:>10.6f}{:>24}{:>24}{:>26}\n", estimate.name, estimate.value,
                        interval_text(estimate.bootstrap, "{:.6f} .. {:.6f}"),
                        interval_text(estimate.anytime, "{:.6f} .. {:.6f}"),
                        interval_text(estimate.difference, "{:+.6f} .. {:+.6f}"));
  }
  return text;
}

}  // namespace

std::string off_policy_json(const OffPolicyRun& run, const OffPolicyResult& result) {
  json::object estimates;
  for (const OffPolicyEstimate& estimate : result.estimates) {
    estimates[estimate.name] = {{"value", estimate.value},
                                {"bootstrap", interval_json(estimate.bootstrap)},
                                {"anytime", interval_json(estimate.anytime)},
                                {"difference", interval_json(estimate.difference)}};
  }
  json::object report{{"log", run.log},
                      {"candidate", run.candidate},
                      {"logger", run.logger},
                      {"lists", result.lists},
                      {"rounds", result.rounds},
                      {"clusters", result.clusters},
                      {"items", run.items},
                      {"positions", run.positions},
                      {"learned_lists", run.learned_lists},
                      {"level", run.level},
                      {"seed", run.seed},
                      {"logged", {{"value", result.logged_value}, {"bootstrap", interval_json(result.logged)}}},
                      {"estimates", std::move(estimates)},
                      {"effective_sample_size", result.weights.effective},
                      {"largest_weight", result.weights.largest},
                      {"mean_weight", result.weights.mean},
                      {"mean_weight_error", result.weights.mean_error},
                      {"uncovered", result.uncovered},
                      {"max_weight", run.max_weight},
                      {"clipped_rounds", result.weights.clipped},
                      {"clipped_share", result.weights.clipped_share},
                      {"lambda", result.lambda && std::isinf(*result.lambda) ? json::value("infinite")
                                                                             : json::value_from(result.lambda)},
                      {"notes", json::value_from(result.notes)}};
  return serve::to_text(report) + "\n";
}

std::string off_policy_text(const OffPolicyRun& run, const OffPolicyResult& result) {
  std::string text = fmt::format("{}: what would {} have earned where {} chose?\n", run.log, run.candidate, run.logger);
  text += fmt::format("{} lists, {} rounds, {} independent clusters, {} items, {} positions, seed {}\n", result.lists,
                      result.rounds, result.clusters, run.items, run.positions, run.seed);
  if (run.learned_lists > 0) {
    text += fmt::format("the candidate policy was learned from {} other lists\n", run.learned_lists);
  }
  text += estimates_table(run, result);
  text += fmt::format(
      "\neffective sample size {:.1f} of {} clusters, largest weight {:.2f}, mean weight {:.4f} (expected: 1, standard "
      "error "
      "{:.4f})\n{:.2f} % of the candidate policy's choices are never made by the logging policy\n",
      result.weights.effective, result.clusters, result.weights.largest, result.weights.mean, result.weights.mean_error,
      100 * result.uncovered);
  text +=
      result.weights.clipped == 0
          ? "no weight was clipped\n"
          : fmt::format("WARNING: {} weights were clipped at {:g}, {:.2f} % of their sum: the estimates are biased\n",
                        result.weights.clipped, run.max_weight, 100 * result.weights.clipped_share);
  if (result.lambda) text += fmt::format("DRos: lambda {}\n", lambda_text(*result.lambda));
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace freshet::cli
