// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/evaluation_report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/printable.h"
#include "cli/support/progress.h"
#include "serve/routing/json.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;
using online::Evaluation;
using online::kCutoffs;
using online::kPriorClicks;
using online::RankingScores;

constexpr std::size_t kLast = kCutoffs.size() - 1;

double share(std::size_t part, std::size_t whole) {
  return static_cast<double>(part) / std::max(1.0, static_cast<double>(whole));
}

json::object scores_json(const RankingScores& scores) {
  json::object out;
  const auto add = [&](const char* name, const auto& values) {
    for (std::size_t c = 0; c < kCutoffs.size(); ++c) out[fmt::format("{}@{}", name, kCutoffs[c])] = values[c];
  };
  add("hr", scores.hit_rate);
  add("mrr", scores.mrr);
  add("ndcg", scores.ndcg);
  add("recall", scores.hit_rate);
  out["candidate_recall"] = scores.candidate_recall;
  return out;
}

json::object prior_clicks_json(const Evaluation& evaluation, std::optional<std::size_t> tenth) {
  json::object out;
  for (std::size_t clicks = 0; clicks < kPriorClicks.size(); ++clicks) {
    json::object of_parts{{"targets", evaluation.scored_in({tenth, clicks})}};
    for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
      of_parts[evaluation.parts()[part]] = scores_json(evaluation.scores(part, {tenth, clicks}));
    }
    out[kPriorClicks[clicks]] = std::move(of_parts);
  }
  return out;
}

json::object types_json(const Evaluation& evaluation) {
  json::object out;
  for (const std::string& type : evaluation.types()) {
    json::object of_parts{{"targets", evaluation.recorded_of(type)}};
    for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
      of_parts[evaluation.parts()[part]] = scores_json(evaluation.scores_of(part, type));
    }
    out[type] = std::move(of_parts);
  }
  return out;
}

json::object tenth_json(const EvaluationRun& run, const Evaluation& evaluation, std::size_t tenth) {
  json::object out;
  for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
    out[evaluation.parts()[part]] = scores_json(evaluation.tenth(part, tenth));
  }
  if (run.has_catalogue) out["by_prior_clicks"] = prior_clicks_json(evaluation, tenth);
  return out;
}

std::string tenths_table(const Evaluation& evaluation, std::size_t part) {
  std::string text = fmt::format("\n{:<14}", evaluation.parts()[part]);
  for (const char* metric : {"HR", "MRR", "NDCG"}) {
    for (const std::size_t cutoff : kCutoffs) text += fmt::format("{:>8}", fmt::format("{}@{}", metric, cutoff));
  }
  text += "   unseen\n";
  const auto line = [&](const std::string& name, const RankingScores& scores, double unseen) {
    text += fmt::format("{:<14}", name);
    for (const auto* values : {&scores.hit_rate, &scores.mrr, &scores.ndcg}) {
      for (const double value : *values) text += fmt::format("{:8.3f}", value);
    }
    text += fmt::format("{:7.1f} %\n", 100 * unseen);
  };
  for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) {
    line(fmt::format("{}/10", tenth + 1), evaluation.tenth(part, tenth),
         share(evaluation.unseen_in_tenth(tenth), evaluation.scored_in_tenth(tenth)));
  }
  line("whole", evaluation.whole(part), share(evaluation.unseen(), evaluation.scored()));
  return text;
}

std::string summary_table(const Evaluation& evaluation, std::size_t items) {
  std::string text = fmt::format("\n{:14}  {:^33}    {:^35}\n{:14}", "", "whole stream", "last tenth", "");
  text += "   HR@20   MRR@20  NDCG@20  coverage    HR@20   MRR@20  NDCG@20  candidates\n";
  for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
    const RankingScores whole = evaluation.whole(part);
    const RankingScores last = evaluation.tenth(part, Evaluation::kTenths - 1);
    text += fmt::format("{:14}{:8.3f}{:9.3f}{:9.3f}{:8.1f} %{:9.3f}{:9.3f}{:9.3f}{:10.1f} %\n",
                        evaluation.parts()[part], whole.hit_rate[kLast], whole.mrr[kLast], whole.ndcg[kLast],
                        100 * share(evaluation.covered(part), items), last.hit_rate[kLast], last.mrr[kLast],
                        last.ndcg[kLast], 100 * last.candidate_recall);
  }
  return text;
}

/// HR and MRR of the whole stream, by how often the target had been clicked before.
std::string prior_clicks_table(const Evaluation& evaluation) {
  std::string text = fmt::format("\n{:14}", "clicked before");
  for (const std::string_view clicks : kPriorClicks) text += fmt::format("{:>18}", clicks);
  text += fmt::format("\n{:14}", "targets");
  for (std::size_t clicks = 0; clicks < kPriorClicks.size(); ++clicks) {
    text += fmt::format("{:18}", evaluation.scored_in({.prior_clicks = clicks}));
  }
  text += fmt::format("\n{:14}", "");
  for (std::size_t clicks = 0; clicks < kPriorClicks.size(); ++clicks)
    text += fmt::format("{:>9}{:>9}", "HR@20", "MRR@20");
  text += "\n";
  for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
    text += fmt::format("{:14}", evaluation.parts()[part]);
    for (std::size_t clicks = 0; clicks < kPriorClicks.size(); ++clicks) {
      const RankingScores scores = evaluation.scores(part, {.prior_clicks = clicks});
      text += fmt::format("{:9.3f}{:9.3f}", scores.hit_rate[kLast], scores.mrr[kLast]);
    }
    text += "\n";
  }
  return text;
}

/// HR, MRR and NDCG of the blend in the whole stream, by the type of the event.
std::string types_table(const Evaluation& evaluation) {
  std::string text =
      fmt::format("\n{:18}{:>9}{:>9}{:>9}{:>9}\n", "blend, by type", "targets", "HR@20", "MRR@20", "NDCG@20");
  for (const std::string& type : evaluation.types()) {
    const RankingScores scores = evaluation.scores_of(evaluation.parts().size() - 1, type);
    text += fmt::format("{:18}{:9}{:9.3f}{:9.3f}{:9.3f}\n", printable(type), evaluation.recorded_of(type),
                        scores.hit_rate[kLast], scores.mrr[kLast], scores.ndcg[kLast]);
  }
  return text;
}

}  // namespace

std::string report_json(const EvaluationRun& run, const Evaluation& evaluation) {
  json::object whole;
  for (std::size_t part = 0; part < evaluation.parts().size(); ++part) {
    json::object scores = scores_json(evaluation.whole(part));
    scores["coverage"] = share(evaluation.covered(part), run.items);
    whole[evaluation.parts()[part]] = std::move(scores);
  }
  if (run.has_catalogue) whole["by_prior_clicks"] = prior_clicks_json(evaluation, std::nullopt);
  json::array tenths, unseen;
  for (std::size_t tenth = 0; tenth < Evaluation::kTenths; ++tenth) {
    tenths.push_back(tenth_json(run, evaluation, tenth));
    unseen.push_back(evaluation.unseen_in_tenth(tenth));
  }
  json::object calibration;
  for (const auto& [part, c] : run.calibration) {
    calibration[part] = {{"examples", c.examples},
                         {"log_loss", c.log_loss},
                         {"auc", c.auc},
                         {"expected_calibration_error", c.expected_calibration_error}};
  }
  json::object report{{"stream", run.stream},
                      {"events", run.events},
                      {"skipped_lines", run.skipped_lines},
                      {"out_of_order", run.out_of_order},
                      {"scored", evaluation.scored()},
                      {"unseen_targets", evaluation.unseen()},
                      {"unseen_targets_in_tenths", std::move(unseen)},
                      {"items", run.items},
                      {"seconds", run.seconds},
                      {"events_per_second", run.events_per_second()},
                      {"peak_rss_bytes", run.peak_rss_bytes},
                      {"seed", run.seed},
                      {"calibration", std::move(calibration)},
                      {"by_type", types_json(evaluation)},
                      {"whole", std::move(whole)},
                      {"last_tenth", tenth_json(run, evaluation, Evaluation::kTenths - 1)},
                      {"tenths", std::move(tenths)}};
  if (run.has_catalogue) report["skipped_items"] = run.skipped_items;
  return serve::to_text(report) + "\n";
}

std::string report_text(const EvaluationRun& run, const Evaluation& evaluation) {
  std::string text = fmt::format(
      "{}: {} events, {} scored, {:.1f} % of targets never seen before, {} items, seed {}\n"
      "{:.1f} s, {} events/s, peak memory {:.0f} MiB; recall is HR: an event has one target\n",
      run.stream, run.events, evaluation.scored(), 100 * share(evaluation.unseen(), evaluation.scored()), run.items,
      run.seed, run.seconds, brief_count(run.events_per_second()), static_cast<double>(run.peak_rss_bytes) / (1 << 20));
  if (run.skipped_lines > 0)
    text += fmt::format("{} lines were skipped because they are not events\n", run.skipped_lines);
  if (run.skipped_items > 0)
    text += fmt::format("{} lines of the catalogue were skipped because they are not items\n", run.skipped_items);
  if (run.out_of_order > 0) {
    text += fmt::format(
        "WARNING: {} events have a time before that of an earlier event. In a stream that is not in order of time, "
        "the\n"
        "model learns from the future, so these figures are too good. Sort the stream by time.\n",
        run.out_of_order);
  }
  for (std::size_t part = 0; part < evaluation.parts().size(); ++part) text += tenths_table(evaluation, part);
  if (run.has_catalogue) text += prior_clicks_table(evaluation);
  if (evaluation.types().size() > 1) text += types_table(evaluation);
  return text + summary_table(evaluation, run.items);
}

}  // namespace freshet::cli
