<#import "template.ftl" as layout>
<#import "buttons.ftl" as buttons>
<#-- As Keycloak's own, but its link says what it does. -->
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("emailVerifyTitle")}
    <#elseif section = "form">
        <p class="instruction"><#if verifyEmail??>${msg("emailVerifyInstruction1", verifyEmail)}<#else>${msg("emailVerifyInstruction4", user.email)}</#if></p>
        <#if isAppInitiatedAction??>
        <form id="kc-verify-email-form" class="${properties.kcFormClass!}" action="${url.loginAction}" method="post">
            <@buttons.actionGroup>
                <@buttons.button label=(verifyEmail??)?then("emailVerifyResend", "emailVerifySend") />
                <@buttons.button name="cancel-aia" label="doCancel" type="secondary" value="true" />
            </@buttons.actionGroup>
        </form>
        <#else>
        <p>${msg("emailVerifyInstruction2")} <a href="${url.loginAction}">${msg("emailVerifyResend")}</a></p>
        </#if>
    </#if>
</@layout.registrationLayout>
