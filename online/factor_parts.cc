#include "online/factor_parts.h"

#include "online/matrix_factorisation.h"

namespace freshet::online {

std::vector<std::unique_ptr<Part>> make_factor_parts(const Options& options) {
  std::vector<std::unique_ptr<Part>> parts;
  if (!options.has_part("matrix_factorisation")) return parts;
  const MatrixFactorisationOptions& factors = options.matrix_factorisation;
  const auto users = std::make_shared<UserVectors>(factors.dimension, factors.max_users);
  parts.push_back(make_matrix_factorisation(factors, options.max_items, options.seed, users));
  return parts;
}

}  // namespace freshet::online
