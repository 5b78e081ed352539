use super::*;

fn cluster(name: &str) -> Cluster {
    Cluster {
        name: name.to_owned(),
        endpoint: format!("https://{name}.gr7.eu-central-1.eks.amazonaws.com"),
        certificate_authority: format!("LS0tLS1{}==", name.replace('-', "")),
        service_cidr: Some("172.20.0.0/16".to_owned()),
        ..Cluster::default()
    }
}

fn of_blue() -> UserDataOf {
    UserDataOf { names: vec!["shop-blue".to_owned()], cluster: cluster("shop-blue") }
}

/// What is read of user data of a launch template with a custom AMI.
fn said(text: &str) -> LaunchTemplateData {
    let mut data = LaunchTemplateData { image_id: Some("ami-1".to_owned()), ..LaunchTemplateData::default() };
    read(Some(&STANDARD.encode(text)), &of_blue(), &mut data);
    data
}

fn on_green(text: &str, join: &Join) -> Result<String, String> {
    let clusters = (cluster("shop-blue"), cluster("shop-green"));
    let written = of_green(STANDARD.encode(text), Some(join), Some(&clusters), &[])?;
    Ok(message::decoded(&written).unwrap())
}

/// As <https://awslabs.github.io/amazon-eks-ami/nodeadm/> has it, with comments, quotes and more settings.
fn node_config(cluster: &Cluster) -> String {
    format!(
        "---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster: # ours\n    name: '{}'\n    apiServerEndpoint: \"{}\" # API\n\n    \
         certificateAuthority: {}\n    cidr: {}\n  containerd:\n    config: |\n      [plugins]\n      name = \"x\"\n  kubelet:\n    config:\n      \
         clusterDNS: [172.20.0.10]\n    flags:\n    - --node-labels=name=shop\n",
        cluster.name,
        cluster.endpoint,
        cluster.certificate_authority,
        cluster.service_cidr.as_deref().unwrap_or_default()
    )
}

/// As <https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/> has them.
fn settings(cluster: &Cluster) -> String {
    format!(
        "[settings.kubernetes]\n\"max-pods\" = 20\ncluster-name = \"{}\"\napi-server = \"{}\" # API\ncluster-certificate = '{}'\n\
         [settings.kubernetes.node-labels]\ncluster-name = \"of people\"\n",
        cluster.name, cluster.endpoint, cluster.certificate_authority
    )
}

/// As the user guide had it for custom AMIs of Amazon Linux 2.
fn script(cluster: &Cluster) -> String {
    format!(
        "#!/bin/bash\nset -ex\nexport B64_CLUSTER_CA=\"{}\"\nAPI_SERVER_URL={}\n# joins\n/etc/eks/bootstrap.sh {} --kubelet-extra-args \
         '--node-labels=tier=web,x=y --register-with-taints=a=b:NoSchedule --max-pods=29' \\\n  --b64-cluster-ca ${{B64_CLUSTER_CA}} \
         --apiserver-endpoint $API_SERVER_URL --dns-cluster-ip 172.20.0.10 --use-max-pods false --container-runtime containerd\n",
        cluster.certificate_authority, cluster.endpoint, cluster.name
    )
}

fn mime(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().flat_map(|(head, body)| ["--//\n", head, "\n\n", body, "\n"]).collect::<String>();
    format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n{parts}--//--\n")
}

#[test]
fn nodes_join_green_by_what_made_them_join_blue_and_the_rest_stays_as_it_is() {
    let with = |of: fn(&Cluster) -> String, name: &str| of(&cluster(name));
    let encoded = |of: fn(&Cluster) -> String, name: &str| {
        let body = STANDARD.encode(with(of, name));
        let lines: Vec<&str> =
            body.as_bytes().chunks(message::LINE).map(|line| std::str::from_utf8(line).unwrap()).collect();
        mime(&[("Content-Type: text/plain", "shop"), ("Content-Transfer-Encoding: base64", &lines.join("\n"))])
    };
    let plain = |of: fn(&Cluster) -> String, name: &str| {
        mime(&[
            ("Content-Type: text/x-shellscript", "#!/bin/bash\necho hi\n"),
            ("Content-Type: application/node.eks.aws", &with(of, name)),
        ])
    };
    let script_join = Join::Script { untranslatable: None };
    for (blue, green, join) in [
        (with(node_config, "shop-blue"), with(node_config, "shop-green"), Join::NodeConfig),
        (plain(node_config, "shop-blue"), plain(node_config, "shop-green"), Join::NodeConfig),
        (encoded(node_config, "shop-blue"), encoded(node_config, "shop-green"), Join::NodeConfig),
        (with(settings, "shop-blue"), with(settings, "shop-green"), Join::Settings),
        (with(script, "shop-blue"), with(script, "shop-green"), script_join),
    ] {
        let data = said(&blue);
        assert_eq!(data.join, Some(join.clone()), "{blue}");
        assert!(!data.user_data_names_blue, "{blue}");
        assert_eq!(on_green(&blue, &join).unwrap(), green);
    }
    // What else names blue is seen all the same.
    assert!(said(&(with(node_config, "shop-blue") + "# of shop-blue\n")).user_data_names_blue);
}

#[test]
fn plain_options_of_bootstrap_are_a_node_config() {
    let text = script(&cluster("shop-blue"));
    let written = on_green(&text, &Join::Translated).unwrap();
    let green = cluster("shop-green");
    let expected = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"BOUNDARY\"\n\n--BOUNDARY\nContent-Type: application/node.eks.aws\n\n---\n\
         apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: \"shop-green\"\n    apiServerEndpoint: \"{}\"\n    \
         certificateAuthority: \"{}\"\n    cidr: \"172.20.0.0/16\"\n  kubelet:\n    config:\n      clusterDNS: [\"172.20.0.10\"]\n      \
         maxPods: 29\n    flags:\n      - \"--node-labels=tier=web,x=y\"\n      - \"--register-with-taints=a=b:NoSchedule\"\n\n--BOUNDARY--\n",
        green.endpoint, green.certificate_authority
    );
    assert_eq!(written, expected);
    let one = |body: &str| mime(&[("Content-Type: text/x-shellscript; charset=\"us-ascii\"", body)]);
    assert_eq!(on_green(&one(&text), &Join::Translated).unwrap(), expected);
    // The AMI's own limit of Pods is off, and no other is said: Kubernetes' own.
    let bare =
        on_green("#!/bin/sh\n/etc/eks/bootstrap.sh shop-blue --use-max-pods false\n", &Join::Translated).unwrap();
    assert!(bare.contains("    config:\n      maxPods: 110\n") && !bare.contains("flags"), "{bare}");
    // What is written is read again.
    assert_eq!(moved(&expected, &green, &green).unwrap().0, Format::NodeConfig);
}

#[test]
fn what_is_more_than_plain_options_is_told_and_not_translated() {
    let call = |more: &str| format!("#!/bin/bash\n/etc/eks/bootstrap.sh shop-blue{more}\n");
    for (text, reason) in [
        (call(" --container-runtime dockerd"), "its --container-runtime is nothing that"),
        (call(" --kubelet-extra-args --cloud-provider=x"), "have --cloud-provider, which"),
        (call(" --kubelet-extra-args '--node-labels=zone=$ZONE'"), "hold variables"),
        (call("\nyum install -y tool --token=secret"), "line 3 of its script, \"yum\", is more"),
        (call("\nTOKEN=$(curl secret)"), "line 3 of its script, \"TOKEN\", is more"),
        (
            mime(&[
                ("Content-Type: text/x-shellscript", &call("")),
                ("Content-Type: text/cloud-config", "packages: [x]"),
            ]),
            "has 2 parts, expected one script",
        ),
    ] {
        let Some(Join::Script { untranslatable: Some(why) }) = said(&text).join else { panic!("{text}") };
        assert!(why.contains(reason) && !why.contains("secret"), "{why}");
    }
}

#[test]
fn what_does_not_say_plainly_that_nodes_join_blue_is_unclear() {
    let config = node_config(&cluster("shop-blue"));
    for (text, reason) in [
        (String::new(), "in no way that Bascule knows"),
        ("#!/bin/bash\necho hi\n".to_owned(), "in no way that Bascule knows"),
        (config.clone() + &settings(&cluster("shop-blue")), "or in several"),
        (config.replace("    cidr: 172.20.0.0/16\n", ""), "does not say spec.cluster.cidr"),
        (node_config(&cluster("shop-red")), "says of spec.cluster.name something else than blue is"),
        (config.replace("cidr: 172", "cidr: 10.1"), "says of spec.cluster.cidr something else"),
        (config.replace("    cidr:", "    enableOutpost: true\n    cidr:"), "has spec.cluster.enableOutpost"),
        (
            config.replace("certificateAuthority: ", "certificateAuthority: >-\n      "),
            "certificateAuthority in another form",
        ),
        (
            "apiVersion: node.eks.aws/v1alpha1\nspec: {cluster: {name: shop-blue}}\n".to_owned(),
            "has spec in another form",
        ),
        (
            settings(&cluster("shop-blue")).replace("api-server", "apiserver"),
            "does not say settings.kubernetes.api-server",
        ),
        ("/etc/eks/bootstrap.sh $NAME\n".to_owned(), "the variable NAME, which it sets to no plain value"),
        ("NAME=$(hostname)\n/etc/eks/bootstrap.sh $NAME\n".to_owned(), "the variable NAME"),
        ("/etc/eks/bootstrap.sh shop-blue --fast yes\n".to_owned(), "the option --fast, which"),
        ("/etc/eks/bootstrap.sh shop-blue; reboot\n".to_owned(), "other commands"),
        ("/etc/eks/bootstrap.sh other\n".to_owned(), "something else than blue is"),
        ("/etc/eks/bootstrap.sh shop-blue\n/etc/eks/bootstrap.sh shop-blue\n".to_owned(), "in several places"),
    ] {
        let Some(Join::Unclear(why)) = said(&text).join else { panic!("{text}") };
        assert!(why.contains(reason), "{reason}: {why}");
        assert!(on_green(&text, &Join::NodeConfig).is_err(), "{text}");
    }
    // Without a custom AMI EKS sees to it.
    let mut data = LaunchTemplateData::default();
    read(Some(&STANDARD.encode(config)), &of_blue(), &mut data);
    assert_eq!((data.join, data.user_data_names_blue), (None, true));
}

#[test]
fn blue_is_found_in_user_data_by_its_whole_name_and_in_encoded_parts() {
    let of = |text: &str| is_naming(text, &["prod".to_owned()]);
    assert!(of("#!/bin/bash\n/etc/eks/bootstrap.sh prod"));
    assert!(!of("#!/bin/bash\necho production"));
    let part = STANDARD.encode("apiVersion: node.eks.aws/v1alpha1\nspec: {cluster: {name: prod}}");
    let head = "Content-Type: application/node.eks.aws\nContent-Transfer-Encoding: base64";
    assert!(of(&mime(&[(head, &format!("{}\n{}\n", &part[..40], &part[40..]))])));
}

#[test]
fn user_data_that_is_no_text_is_unreadable() {
    assert!(is_unreadable(Some(&STANDARD.encode([0x1f, 0x8b, 0x08, 0xff]))));
    assert!(!is_unreadable(Some(&STANDARD.encode("#!/bin/bash"))));
    assert!(!is_unreadable(Some("")));
    assert!(!is_unreadable(None));
}

#[test]
fn a_word_of_blues_is_replaced_in_the_text_and_in_encoded_parts_and_nothing_else_changes() {
    let words = [Replacement { blue: "shop-blue".to_owned(), green: "shop-green".to_owned() }];
    let renamed = |text: String| of_green(text, None, None, &words).unwrap();
    let after = |text: &str| message::decoded(&renamed(STANDARD.encode(text))).unwrap();
    assert_eq!(after("#!/bin/bash\necho shop-blue shop-blue-2\n"), "#!/bin/bash\necho shop-green shop-blue-2\n");
    let part = |name: &str| {
        let text = format!("#!/bin/bash\necho joining {name}, which is a cluster with a long story behind it\n");
        let encoded = STANDARD.encode(text);
        let (first, rest) = encoded.split_at(message::LINE);
        mime(&[
            ("Content-Type: text/plain", &format!("of {name}")),
            ("Content-Transfer-Encoding: base64", &format!("{first}\n{rest}")),
        ])
    };
    assert_eq!(after(&part("shop-blue")), part("shop-green"));
    let other = STANDARD.encode(part("shop-red"));
    assert_eq!(renamed(other.clone()), other);
    let binary = STANDARD.encode([0x1f, 0x8b, 0xff]);
    assert_eq!(renamed(binary.clone()), binary);
}
