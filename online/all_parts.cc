// SPDX-License-Identifier: Apache-2.0
#include "online/all_parts.h"

#include <array>

#include "online/parts/content/content.h"
#include "online/parts/covisitation.h"
#include "online/parts/matrix_factorization.h"
#include "online/parts/neural/attention_part.h"
#include "online/parts/neural/autoencoder_part.h"
#include "online/parts/neural/lstm_part.h"
#include "online/parts/neural/neural_cf_part.h"
#include "online/parts/popularity.h"
#include "online/parts/recurrence.h"
#include "online/parts/session_knn.h"
#include "online/parts/user_cf.h"
#include "online/parts/user_history.h"

namespace freshet::online {

PartKinds all_parts() {
  // Features of a checkpoint are in this order: a new part goes to the end, and after the parts it builds on.
  static constexpr std::array kParts{
      &kPopularity, &kCovisitation, &kSessionKnn, &kRecurrence, &kUserHistory, &kMatrixFactorization,
      &kUserCf,     &kLstm,         &kAttention,  &kNeuralCf,   &kAutoencoder, &kContent,
  };
  return kParts;
}

}  // namespace freshet::online
