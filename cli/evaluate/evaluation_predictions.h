#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace freshet::cli {

/// Position, target and every part's rank, one line per scored event: enough to recompute every metric of the report
/// (docs/evaluate.md). Threads: one. Errors: std::runtime_error if the file cannot be written.
class EvaluationPredictions {
 public:
  /// An empty path: nothing is written.
  EvaluationPredictions(const std::string& path, const std::vector<std::string>& parts);

  void add(std::uint64_t position, const std::string& target, std::span<const std::optional<std::size_t>> ranks);

  /// Everything is in the file once this returns.
  void close();

 private:
  const std::string path_;
  std::ofstream out_;
};

}  // namespace freshet::cli
