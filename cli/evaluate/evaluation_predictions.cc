// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate/evaluation_predictions.h"

#include <stdexcept>

namespace freshet::cli {
namespace {

/// Ids may contain the separators of columns and lines.
std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\\': out += "\\\\"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

EvaluationPredictions::EvaluationPredictions(const std::string& path, const std::vector<std::string>& parts)
    : path_(path) {
  if (path.empty()) return;
  out_.open(path, std::ios::trunc);
  out_ << "position\ttarget";
  for (const std::string& part : parts) out_ << '\t' << part;
  out_ << '\n';
  if (!out_) throw std::runtime_error("cannot write " + path);
}

void EvaluationPredictions::add(std::uint64_t position, const std::string& target,
                                std::span<const std::optional<std::size_t>> ranks) {
  if (path_.empty()) return;
  out_ << position << '\t' << escape(target);
  for (const auto& rank : ranks) out_ << '\t' << (rank ? std::to_string(*rank) : "-");
  out_ << '\n';
}

void EvaluationPredictions::close() {
  if (!path_.empty() && !out_.flush()) throw std::runtime_error("cannot write " + path_);
}

}  // namespace freshet::cli
