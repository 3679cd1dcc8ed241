#include "online/parts/factor_parts.h"

#include "online/parts/matrix_factorization.h"
#include "online/parts/user_cf.h"

namespace freshet::online {

std::vector<std::unique_ptr<Part>> make_factor_parts(const Options& options) {
  std::vector<std::unique_ptr<Part>> parts;
  if (!options.has_part("matrix_factorisation")) return parts;
  const MatrixFactorisationOptions& factors = options.matrix_factorisation;
  const auto users = std::make_shared<UserVectors>(factors.dimension, factors.max_users);
  parts.push_back(make_matrix_factorisation(factors, options.max_items, options.seed, users));
  if (options.has_part("user_cf")) parts.push_back(make_user_cf(options.user_cf, options.max_items, users));
  return parts;
}

}  // namespace freshet::online
