#include "models/options/star_options.h"

namespace ctr {

void StarOptions::add_to(OptionList& list) {
  list.add({"star_domain_weight",
            &domain_weight,
            "STAR: the domains' weights begin as ones, at random, or as in the published code",
            {"ones", "random", "reference"}});
  list.add({"star_partitioned_norm", &partitioned_norm, "STAR: partitioned norm of the input"});
  list.add({"star_norm_epsilon", &norm_epsilon, "STAR: of the partitioned norm", {}, 0, 1});
  list.add({"star_auxiliary_hidden_units",
            &auxiliary_hidden_units,
            "STAR: hidden layers of the auxiliary net; empty: no such net",
            {},
            1,
            1 << 20});
  list.add({"star_domain_in_input", &domain_in_input,
            "STAR: the domain's vector is a part of the input"});
}

}  // namespace ctr
