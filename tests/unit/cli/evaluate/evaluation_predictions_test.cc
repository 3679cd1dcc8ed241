// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/evaluation_predictions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/temp_directory.h"

namespace freshet::cli {
namespace {

TEST(EvaluationPredictions, WritesALinePerScoredEvent) {
  const testing::TempDirectory dir;
  const std::string path = dir.path() + "/predictions.tsv";
  EvaluationPredictions predictions(path, {"popularity", "blend"});
  const std::vector<std::optional<std::size_t>> ranks{std::nullopt, 12};
  predictions.add(3, "mug", ranks);
  predictions.add(9, "a\tb\\", ranks);
  predictions.close();
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "position\ttarget\tpopularity\tblend\n3\tmug\t-\t12\n9\ta\\tb\\\\\t-\t12\n");
}

TEST(EvaluationPredictions, AFileThatCannotBeWrittenIsAnError) {
  EXPECT_THROW(EvaluationPredictions("/no/such/folder/predictions.tsv", {"blend"}), std::runtime_error);
}

}  // namespace
}  // namespace freshet::cli
