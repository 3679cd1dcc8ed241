#include "online/options.h"

#include <algorithm>

namespace freshet::online {

std::vector<std::string> Options::validate() const {
  std::vector<std::string> problems;
  const auto check_half_lives = [&](const char* key, const std::vector<double>& hours, std::size_t most) {
    if (hours.empty() || hours.size() > most) {
      problems.push_back(std::string(key) + ": give between 1 and " + std::to_string(most) + " half-lives");
    }
    if (std::ranges::any_of(hours, [](double value) { return !(value > 0); })) {
      problems.push_back(std::string(key) + ": every half-life must be above 0");
    }
  };
  check_half_lives("online.popularity.half_life_hours", popularity.half_life_hours, 8);
  check_half_lives("online.covisitation.half_life_hours", covisitation.half_life_hours, 3);
  if (lstm.dimension % 16 != 0) problems.emplace_back("online.lstm.dimension: must be a multiple of 16");
  if (blender.hidden_units % 8 != 0) problems.emplace_back("online.blender.hidden_units: must be a multiple of 8");
  for (const auto& [type, weight] : type_weights) {
    if (!(weight >= 0)) problems.push_back("online.type_weights." + type + ": must not be negative");
  }
  return problems;
}

}  // namespace freshet::online
