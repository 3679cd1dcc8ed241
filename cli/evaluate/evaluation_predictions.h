// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace freshet::cli {

/// Writes position, target and the rank in every part, one line per scored event: enough to recompute every metric of
/// the report (docs/evaluate.md).
/// Threads: one.
/// Errors:  throws std::runtime_error if the file cannot be written.
class EvaluationPredictions {
 public:
  /// With an empty `path`, nothing is written.
  EvaluationPredictions(const std::string& path, const std::vector<std::string>& parts);

  void add(std::uint64_t position, const std::string& target, std::span<const std::optional<std::size_t>> ranks);

  /// Writes what is buffered.
  void close();

 private:
  const std::string path_;
  std::ofstream out_;
};

}  // namespace freshet::cli
