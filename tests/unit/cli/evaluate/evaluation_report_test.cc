// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/evaluation_report.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <set>

namespace freshet::cli {
namespace {

namespace json = boost::json;
using online::Evaluation;

struct EvaluationReportTest : ::testing::Test {
  EvaluationReportTest() {
    run.stream = "clicks <1>.tsv";
    run.events = 30;
    run.items = 4;
    run.seconds = 2;
    run.peak_rss_bytes = 1 << 20;
    run.seed = 7;
    for (std::size_t i = 0; i < 20; ++i) {
      const std::optional<std::size_t> rank = i < 10 ? std::nullopt : std::optional<std::size_t>(4);
      evaluation.record(std::vector{rank, std::optional<std::size_t>(1 + i)}, i == 0);
    }
    evaluation.cover(0, 2);
  }

  static std::set<std::string> keys(const json::value& value) {
    std::set<std::string> keys;
    for (const auto& [key, member] : value.as_object()) keys.emplace(key);
    return keys;
  }

  EvaluationRun run;
  Evaluation evaluation{{"popularity", "blend"}};
};

TEST_F(EvaluationReportTest, TheJsonHasTheDocumentedShape) {
  const json::value report = json::parse(report_json(run, evaluation));
  EXPECT_EQ(keys(report), (std::set<std::string>{"stream", "events", "skipped_lines", "out_of_order", "scored",
                                                 "unseen_targets", "unseen_targets_in_tenths", "items", "seconds",
                                                 "events_per_second", "peak_rss_bytes", "seed", "calibration",
                                                 "by_type", "whole", "last_tenth", "tenths"}));
  const std::set<std::string> metrics{"hr@5",      "hr@10",     "hr@20",           "mrr@5",   "mrr@10",
                                      "mrr@20",    "ndcg@5",    "ndcg@10",         "ndcg@20", "recall@5",
                                      "recall@10", "recall@20", "candidate_recall"};
  std::set<std::string> with_coverage = metrics;
  with_coverage.insert("coverage");
  EXPECT_EQ(keys(report.at("whole")), (std::set<std::string>{"popularity", "blend"}));
  EXPECT_EQ(keys(report.at("whole").at("blend")), with_coverage);
  EXPECT_EQ(keys(report.at("last_tenth").at("popularity")), metrics);
  EXPECT_EQ(report.at("tenths").as_array().size(), 10U);
  EXPECT_EQ(report.at("tenths").at(9), report.at("last_tenth"));
}

TEST_F(EvaluationReportTest, WithACatalogueItTellsTargetsApartByTheirPriorClicks) {
  run.has_catalogue = true;
  run.skipped_items = 3;
  const json::value report = json::parse(report_json(run, evaluation));
  for (const json::value* stretch : {&report.at("whole"), &report.at("last_tenth"), &report.at("tenths").at(0)}) {
    EXPECT_EQ(keys(stretch->at("by_prior_clicks")), (std::set<std::string>{"0", "1-2", "3-9", "10+"}));
  }
  const json::value& unclicked = report.at("whole").at("by_prior_clicks").at("0");
  EXPECT_EQ(unclicked.at("targets"), 20);
  EXPECT_EQ(unclicked.at("popularity").at("hr@5"), 0.5);
  EXPECT_NE(report_text(run, evaluation).find("clicked before"), std::string::npos);
  EXPECT_EQ(report.at("skipped_items"), 3);
  EXPECT_NE(report_text(run, evaluation).find("3 lines of the catalogue were skipped"), std::string::npos);
}

TEST_F(EvaluationReportTest, TellsEventsApartByTheirType) {
  const auto at = [](std::size_t rank) { return std::vector{std::optional<std::size_t>(1), std::optional(rank)}; };
  for (const std::size_t rank : {1, 2, 30}) evaluation.record_type("view", at(rank));
  EXPECT_EQ(report_text(run, evaluation).find("by type"), std::string::npos) << "there is one only";
  evaluation.record_type("purchase", at(4));
  const json::value report = json::parse(report_json(run, evaluation));
  EXPECT_EQ(keys(report.at("by_type")), (std::set<std::string>{"view", "purchase"}));
  EXPECT_EQ(report.at("by_type").at("view").at("targets"), 3);
  EXPECT_NEAR(report.at("by_type").at("view").at("blend").at("mrr@20").as_double(), (1 + 0.5) / 3, 1e-12);
  EXPECT_EQ(report.at("by_type").at("purchase").at("blend").at("mrr@20").as_double(), 0.25);
  EXPECT_NE(report_text(run, evaluation).find("purchase"), std::string::npos);
}

TEST_F(EvaluationReportTest, TheJsonSaysHowWellClicksArePredicted) {
  EXPECT_EQ(json::parse(report_json(run, evaluation)).at("calibration"), json::object());
  run.calibration = {{"neural_cf", {500, 0.4, 0.8, 0.01}}};
  const json::value report = json::parse(report_json(run, evaluation));
  EXPECT_EQ(report.at("calibration").at("neural_cf").at("auc").as_double(), 0.8);
  EXPECT_EQ(keys(report.at("calibration").at("neural_cf")),
            (std::set<std::string>{"examples", "log_loss", "auc", "expected_calibration_error"}));
}

TEST_F(EvaluationReportTest, TheJsonHoldsTheFigures) {
  const json::value report = json::parse(report_json(run, evaluation));
  const auto figure = [&](const json::value& value) { return value.to_number<double>(); };
  EXPECT_EQ(report.at("stream").as_string(), run.stream);
  EXPECT_EQ(figure(report.at("scored")), 20);
  EXPECT_EQ(figure(report.at("unseen_targets")), 1);
  EXPECT_EQ(figure(report.at("unseen_targets_in_tenths").at(0)), 1);
  EXPECT_EQ(figure(report.at("events_per_second")), 15);
  EXPECT_EQ(figure(report.at("whole").at("popularity").at("hr@5")), 0.5);
  EXPECT_EQ(figure(report.at("whole").at("popularity").at("mrr@20")), 0.125);
  EXPECT_EQ(figure(report.at("whole").at("popularity").at("coverage")), 0.25);
  EXPECT_DOUBLE_EQ(figure(report.at("whole").at("blend").at("recall@10")), 0.5);
  EXPECT_EQ(figure(report.at("last_tenth").at("popularity").at("recall@20")), 1);
  EXPECT_EQ(figure(report.at("whole").at("popularity").at("candidate_recall")), 0.5);
  EXPECT_NEAR(figure(report.at("last_tenth").at("popularity").at("ndcg@20")), 1 / std::log2(5.0), 1e-12);
}

TEST_F(EvaluationReportTest, TheTextWarnsOfAStreamThatIsNotInOrderOfTime) {
  EXPECT_EQ(report_text(run, evaluation).find("WARNING"), std::string::npos);
  run.out_of_order = 3;
  EXPECT_NE(report_text(run, evaluation).find("WARNING: 3 events"), std::string::npos);
}

TEST_F(EvaluationReportTest, TheTextShowsEveryPartOverTheStream) {
  const std::string text = report_text(run, evaluation);
  for (const char* shown : {"30 events, 20 scored, 5.0 % of targets never seen", "1/10", "10/10", "NDCG@10",
                            "popularity", "blend", "coverage"}) {
    EXPECT_NE(text.find(shown), std::string::npos) << shown << "\n" << text;
  }
}

TEST_F(EvaluationReportTest, NothingScoredMakesNoNonsense) {
  const Evaluation empty({"blend"});
  const json::value report = json::parse(report_json(EvaluationRun{}, empty));
  EXPECT_EQ(report.at("whole").at("blend").at("hr@20").to_number<double>(), 0);
  EXPECT_NE(report_svg(EvaluationRun{}, empty).find("</svg>"), std::string::npos);
  EXPECT_EQ(report_svg(EvaluationRun{}, empty).find("nan"), std::string::npos);
}

TEST_F(EvaluationReportTest, WithACatalogueThePlotShowsHowOftenTargetsHadBeenClicked) {
  const auto lines = [&] {
    const std::string svg = report_svg(run, evaluation);
    std::size_t count = 0;
    for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(lines(), 4U) << "two parts, HR and MRR";
  EXPECT_EQ(report_svg(run, evaluation).find("earlier clicks"), std::string::npos);
  run.has_catalogue = true;
  EXPECT_EQ(lines(), 6U);
  for (const char* mark : {"earlier clicks of the target", ">1-2<", ">3-9<", ">10+<"}) {
    EXPECT_NE(report_svg(run, evaluation).find(mark), std::string::npos) << mark;
  }
}

TEST_F(EvaluationReportTest, ThePlotNamesEveryPartAndEscapesTheStream) {
  const std::string svg = report_svg(run, evaluation);
  for (const char* shown : {"popularity", "blend", "HR@20", "MRR@20", "clicks &lt;1>.tsv"}) {
    EXPECT_NE(svg.find(shown), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace freshet::cli
