// SPDX-License-Identifier: Apache-2.0
#include "base/options.h"

namespace freshet {
namespace {

std::string brief(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

std::string to_string(const OptionProblem& problem) { return problem.key + ": " + problem.message; }

bool has_errors(const OptionProblems& problems) { return !std::ranges::all_of(problems, &OptionProblem::warning); }

std::string IntegerRange::describe() const {
  std::string text = "integer " + std::to_string(low) + " to " + std::to_string(high);
  if (multiple_of > 1) text += ", a multiple of " + std::to_string(multiple_of);
  return text;
}

std::string NumberRange::describe() const { return "number " + brief(low) + " to " + brief(high); }

std::string DurationRange::describe() const {
  return "duration " + format_duration(low) + " to " + format_duration(high);
}

std::string SizeRange::describe() const { return "size " + format_size(low) + " to " + format_size(high); }

}  // namespace freshet
