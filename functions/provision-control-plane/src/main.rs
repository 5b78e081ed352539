//! The Lambda function `bascule-provision-control-plane`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("provision-control-plane", provision_control_plane::converge, provision_control_plane::undo)
        .await
}
