// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "online/part/part_kind.h"
#include "online/parts/covisitation.h"
#include "online/parts/matrix_factorization.h"
#include "online/parts/popularity.h"
#include "online/parts/recurrence.h"
#include "online/parts/session_knn.h"
#include "online/parts/user_cf.h"
#include "online/parts/user_history.h"
#include "tests/support/every_part.h"

namespace freshet::testing {

/// The parts that count instead of computing gradients, all on.
inline online::Options counting_options() {
  static constexpr std::array kKinds{&online::kPopularity, &online::kCovisitation, &online::kSessionKnn,
                                     &online::kRecurrence, &online::kUserHistory};
  return with_every_part(kKinds);
}

/// The parts that do without LibTorch, all on.
inline online::Options light_options() {
  static constexpr std::array kKinds{&online::kPopularity, &online::kCovisitation, &online::kSessionKnn,
                                     &online::kRecurrence, &online::kUserHistory,  &online::kMatrixFactorization,
                                     &online::kUserCf};
  return with_every_part(kKinds);
}

}  // namespace freshet::testing
